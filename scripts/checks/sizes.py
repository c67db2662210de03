"""Lengths of modules and functions, in lines."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median, quantiles

from scripts.checks.tree import Finding, Module, functions


def function_lengths(modules: Iterable[Module]) -> list[tuple[int, Finding]]:
    """Return the length and place of every function, the longest first."""
    found = []
    for module in modules:
        for node in functions(module):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            found.append((lines, module.at(node, f"{node.name} has {lines} lines")))
    return sorted(found, key=lambda each: (-each[0], str(each[1])))


def module_lengths(modules: Iterable[Module]) -> list[tuple[int, Finding]]:
    """Return the length and place of every module, the longest first."""
    counted = [(len(module.text.splitlines()), module) for module in modules]
    found = [(lines, Finding(module.path, 0, f"has {lines} lines")) for lines, module in counted]
    return sorted(found, key=lambda each: (-each[0], str(each[1])))


def middle(lengths: list[int]) -> int:
    """Return the median; 0 of nothing."""
    return round(median(lengths)) if lengths else 0


def ninetieth(lengths: list[int]) -> int:
    """Return the 90th percentile; the only value of one, 0 of nothing."""
    return round(quantiles(lengths, n=10, method="inclusive")[-1]) if len(lengths) > 1 else sum(lengths)
