"""Samples as they are sent, refusals, and counts. The server checks the names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

_MOST_INTEGER = 2**53


def _number(value: Any) -> Any:
    """Convert a number of any kind to an int or a float; return any other value unchanged."""
    if type(value) in (int, float) or isinstance(value, str | bytes):
        return value
    if isinstance(value, int):  # such as a bool
        return int(value)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return value


@dataclass(frozen=True, slots=True)
class Sample:
    """Value of a series. ``t_ms``: when the value was measured; ``every_s``: the declared cadence, 0 if not declared."""

    name: str
    value: float
    t_ms: int
    labels: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    every_s: float = 0

    @classmethod
    def of(
        cls,
        name: str,
        value: float,
        *,
        t_ms: int,
        labels: Mapping[str, object] | None = None,
        unit: str = "",
        every_s: float = 0,
    ) -> Sample:
        """Return a sample. Label values become text; objects with ``__float__`` (numpy's numbers, Decimal) become floats.

        Any value is accepted; ``problem`` says whether it can be sent.
        """
        pairs = (
            tuple(sorted((str(k), str(v)) for k, v in labels.items())) if isinstance(labels, Mapping) else labels or ()
        )
        unit, every_s = "" if unit is None else unit, 0 if every_s is None else every_s
        return cls(str(name), _number(value), _number(t_ms), pairs, unit, _number(every_s))

    @property
    def series(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Key of the series: equal for samples of the same series."""
        return self.name, self.labels

    def problem(self) -> str:
        """Return why this sample would make a body invalid; empty if it would not."""
        value: object = self.value
        if not isinstance(value, int | float):
            return f"{value!r:.40} is not a number"
        if isinstance(value, int) and abs(value) > _MOST_INTEGER:
            return "an integer beyond ±2**53, which a JSON number cannot hold exactly; send it as a float"
        if not math.isfinite(value):
            return f"{value!r} is not a finite number"
        every_s, t_ms, labels, unit = cast("tuple[object, ...]", (self.every_s, self.t_ms, self.labels, self.unit))
        if not isinstance(every_s, int | float) or not math.isfinite(every_s):
            return "every_s is not a finite number"
        if not isinstance(t_ms, int | float) or not math.isfinite(t_ms):
            return "t_ms is not a finite number"
        if not isinstance(labels, tuple) or not isinstance(unit, str):
            return "labels are not a mapping, or the unit is not text"
        try:
            "".join((self.name, self.unit, *(part for pair in self.labels for part in pair))).encode()
        except UnicodeEncodeError:
            return "name, unit or a label is not valid Unicode text"
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return the sample as in docs/protocol.md, POST /api/v1/samples."""
        said: dict[str, Any] = {"series": self.name, "value": self.value, "t": int(self.t_ms)}
        if self.labels:
            said["labels"] = dict(self.labels)
        if self.unit:
            said["unit"] = self.unit
        if self.every_s:
            said["every_s"] = self.every_s
        return said


@dataclass(frozen=True, slots=True)
class Refusal:
    """Sample that will not be stored, and why.

    ``code``: the code that the server gave (``invalid``, ``series_limit``), otherwise its HTTP status (``http_401``).
    """

    sample: Sample
    reason: str
    field: str = ""
    code: str = "invalid"


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of samples: ``pushed`` = ``accepted`` + ``refused`` + ``dropped`` + ``waiting``.

    ``retries``: number of repeated requests.
    """

    pushed: int = 0
    accepted: int = 0
    refused: int = 0
    dropped: int = 0
    waiting: int = 0
    retries: int = 0
