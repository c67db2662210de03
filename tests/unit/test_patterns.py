"""Every regular expression of the product takes time in proportion to its text.

A pattern with two neighbouring repeats of the same characters tries each place where one may end and the other begin. A text of
4 KB then takes a tenth of a second, and one of 1 MB takes hours, during which the engine lets no other thread run.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import dashboard
from tests.support.deadline import within

_SOURCES = Path(dashboard.__file__).parent
_METHODS = ("match", "fullmatch", "search", "finditer", "sub", "split", "findall")
#: Lengths of a first and of a second text. A text is tried at the second length if it takes ``_SUSPECT_S`` at the first.
_SHORT, _LONG = 1_200, 12_000
_SUSPECT_S = 0.000_4
#: Bound for a long text: time in proportion to it is below 3 ms, and in proportion to its square above 45 ms.
_BOUND_S = 0.03
_TRIES = 4


class Use(NamedTuple):
    """A pattern of a module and a method that is called on it. ``pattern``: of texts or of bytes."""

    place: str
    pattern: re.Pattern[Any]
    method: str

    def seconds(self, text: str) -> float:
        """Return the CPU time of one call."""
        given = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        call = getattr(re.Pattern, "findall" if self.method in ("sub", "split", "finditer") else self.method)
        began_s = time.process_time()
        call(self.pattern, given)
        return time.process_time() - began_s


@cache
def _uses() -> tuple[Use, ...]:
    """Return the patterns that modules hold by a name, with the methods that are called on them."""
    everywhere = "".join(path.read_text() for path in _SOURCES.rglob("*.py"))
    found: dict[tuple[object, int, str], Use] = {}
    for info in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
        if info.name.endswith("__main__") or ".migrations." in info.name:
            continue
        module = importlib.import_module(info.name)
        own = Path(str(module.__file__)).read_text()
        for name, value in vars(module).items():
            for method in _METHODS if isinstance(value, re.Pattern) else ():
                if f"{name}.{method}(" in (own if name.startswith("_") else everywhere):
                    found.setdefault((value.pattern, value.flags, method), Use(f"{info.name}.{name}", value, method))
    return tuple(found.values())


def _parts(pattern: str | bytes) -> list[tuple[str, str, str]]:
    """Return beginnings that may match, texts to repeat, and ends that do not match, made of what the pattern names."""
    text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
    named = [char for char in dict.fromkeys(text) if char.isascii() and not char.isalnum() and char not in "()?*+|^$"]
    units = [*dict.fromkeys([*named, " ", "a", "1", "a=", "a ", '\\"'])]
    return list(itertools.product(("", "a", "]", "a{", '"', 'a="'), units, ("!", "")))


def _slowest(use: Use) -> tuple[float, str]:
    """Return the least time that the dearest long text took in a few tries, and the text's beginning."""
    worst = (0.0, "")
    for beginning, unit, end in _parts(use.pattern.pattern):
        short, long = (beginning + unit * (length // len(unit)) + end for length in (_SHORT, _LONG))
        if use.seconds(short) < _SUSPECT_S:
            continue
        took_s = min(use.seconds(short) for _ in range(_TRIES))
        if took_s < _BOUND_S:  # else the long text may take hours
            took_s = min(use.seconds(long) for _ in range(_TRIES))
        worst = max(worst, (took_s, short[:40]))
        if took_s > _BOUND_S:
            break
    return worst


def test_every_pattern_takes_time_in_proportion_to_its_text() -> None:
    assert len(_uses()) > 80
    for use in _uses():
        took_s, text = _slowest(use)
        within(took_s, _BOUND_S, f"{use.place}.{use.method} of {text!r}…")
