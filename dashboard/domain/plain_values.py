"""Plain values that every store, browser and file can hold: finite numbers, and texts without control characters."""

from __future__ import annotations

import math
import re

from dashboard.domain.errors import Invalid

#: Control characters except tabs and ends of lines, which texts of several lines have; and halves of characters.
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_text(text: str, *, field: str) -> None:
    """Raise Invalid for a text with a control character or half a character (a lone surrogate)."""
    found = _BAD.search(text)
    if found is not None:
        what = "half a character (a lone surrogate)" if found[0] >= "\ud800" else "a control character"
        raise Invalid(f"holds {what}, U+{ord(found[0]):04X}; remove it", field=field)


def check_plain(value: object, *, field: str = "") -> None:
    """Check all numbers and texts in a value of lists and mappings; raises Invalid with the path of the first fault.

    The names of a mapping's fields are checked, too.
    """
    pending = [(value, field)]
    while pending:
        each, at = pending.pop()
        if isinstance(each, str):
            check_text(each, field=at)
        elif isinstance(each, float) and not math.isfinite(each):
            raise Invalid(f"{each} is not a number that can be shown; write a finite number, or leave it out", field=at)
        elif isinstance(each, dict):
            for name in each:
                check_plain_name(name, field=at)
            pending += reversed([(inner, f"{at}.{name}" if at else str(name)) for name, inner in each.items()])
        elif isinstance(each, list | tuple):
            pending += reversed([(inner, f"{at}[{number}]") for number, inner in enumerate(each)])


def check_plain_name(name: object, *, field: str) -> None:
    """Raise Invalid for the name of a field that is no plain text, within the value ``field``."""
    if isinstance(name, str) and _BAD.search(name):
        raise Invalid(f"the name {name[:40]!a} holds a control character or half a character; rename it", field=field)
