"""Margins that replace the gaps between the items of flex boxes, for browsers that know gaps of grids only."""

from __future__ import annotations

import re

#: Chromium learnt both in version 84, and only one of them can be asked for.
_UNKNOWN = "@supports not (appearance:none)"
_BLOCK = re.compile(r"(?P<head>@media[^{]*)\{|(?P<selectors>[^{}@]+)\{(?P<body>[^{}]*)\}|\}")


def with_margins(css: str) -> str:
    """Return minified CSS, as Lightning CSS writes it, with rules for margins above it.

    A box takes the direction that is declared with its ``display``. A box that may wrap has the row gap below each item.
    """
    rules, head = [], ""
    directions: dict[str, tuple[bool, bool]] = {}  # selector -> is a column, wraps
    for found in _BLOCK.finditer(css):
        if found["head"] is not None or found["selectors"] is None:
            head = found["head"] or ""
            continue
        declared = dict(part.partition(":")[::2] for part in found["body"].split(";") if ":" in part)
        for selector in found["selectors"].split(","):
            if declared.get("display", "") in ("flex", "inline-flex"):
                column, wraps = declared.get("flex-direction") == "column", "wrap" in declared.get("flex-flow", "")
                directions[selector] = (column, wraps or declared.get("flex-wrap") == "wrap")
            elif "display" in declared:
                directions.pop(selector, None)
            if selector in directions and (gap := declared.get("gap")):
                rules.append(_within(head, _rules(selector, gap, *directions[selector])))
    return f"{_UNKNOWN}{{{''.join(rules)}}}{css}" if rules else css


def _within(head: str, rules: str) -> str:
    return f"{head}{{{rules}}}" if head else rules


def _rules(selector: str, gap: str, column: bool, wraps: bool) -> str:
    row_gap, column_gap = _parts(gap)
    between = f"margin-bottom:{row_gap}" if column else f"margin-right:{column_gap}"
    rules = f"{selector}>:not(:last-child){{{between}}}"  # not to the left, where `auto` pushes items apart
    return rules + (f"{selector}>*{{margin-bottom:{row_gap}}}" if wraps else "")


def _parts(gap: str) -> tuple[str, str]:
    """Return row gap and column gap; a space outside of parentheses separates them."""
    depth = 0
    for i, char in enumerate(gap):
        depth += (char == "(") - (char == ")")
        if char == " " and not depth:
            return gap[:i], gap[i + 1 :]
    return gap, gap
