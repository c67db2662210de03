"""Names of series and documents of foreign formats.

The rules, the same for every format:

- A name keeps its letters (A-Z, a-z), digits and ``_ : . - /``; every other character becomes ``_``. A name that does not
  begin with a letter, ``_`` or ``:`` gets a leading ``_``.
- A label name keeps letters, digits and ``_``; every other character becomes ``_``. A name that begins with a digit gets a
  leading ``_``; several leading ``_`` become one (``__x`` is reserved).
- A label value is never changed, control characters included; the series' text shows them escaped. A sample with a value
  that is too long is refused.
- A sample is refused if two of its labels would get one name with different values, so that no collision goes unnoticed.
- An empty label value means no label, as in Prometheus.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from dashboard.domain.errors import Invalid
from dashboard.domain.series import CEILING, MAX_NAME_BYTES, series_key

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_:./\-]")
_NOT_FIRST = re.compile(r"[^A-Za-z_:]")
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9_]")
_NOT_IN_PART = re.compile(r"[^A-Za-z0-9_.\-]")
_MAX_SHOWN_BYTES = 200
#: Units that Home Assistant sends as measurements, and of which a character that matters may not stand in a name: ``m²`` and ``m³``
#: would be one name. Both signs for micro are in use.
_SIGNS = {
    "%": "percent", "°": "degree", "€": "euro", "$": "dollar", "£": "pound", "m²": "square_meter", "m³": "cubic_meter",
    "ft²": "square_foot", "ft³": "cubic_foot", "m³/h": "cubic_meter_per_hour", "W/m²": "watt_per_square_meter",
    "µg/m³": "microgram_per_cubic_meter", "μg/m³": "microgram_per_cubic_meter", "mg/m³": "milligram_per_cubic_meter",
}  # fmt: skip
#: The most that any setting allows; a sample with more labels is refused unread.
MAX_FOREIGN_LABELS = CEILING.labels


def foreign_name(name: str) -> str:
    """Convert the name of a series or document by the rules of this module; raises Invalid when it is empty (its length
    is checked with the series)."""
    if not name:
        raise Invalid("the name is empty", field="series")
    mapped = _NOT_IN_NAME.sub("_", name[: CEILING.name_bytes + 1])
    return f"_{mapped}" if _NOT_FIRST.match(mapped) else mapped


def measurement_name(measurement: str) -> str:
    """Return the words for a measurement that is a unit with signs, as Home Assistant sends; return any other measurement unchanged."""
    return _SIGNS.get(measurement, measurement)


def foreign_label(name: str) -> str:
    """Convert a label's name by the rules of this module."""
    mapped = _NOT_IN_LABEL.sub("_", name[: CEILING.label_name_bytes + 1])
    if mapped[:1].isdigit() or not mapped:
        return f"_{mapped}"
    return "_" + mapped.lstrip("_") if mapped.startswith("__") else mapped


def foreign_labels(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Convert labels by the rules of this module; raises Invalid if two labels with different values would get one
    name, and for too many labels."""
    labels: dict[str, str] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_FOREIGN_LABELS:
            raise Invalid(f"more than {MAX_FOREIGN_LABELS} labels", field="labels")
        if value == "":
            continue
        mapped = foreign_label(name)
        if labels.setdefault(mapped, value) != value:
            raise Invalid(f"two labels would get the name {mapped[:40]} here", field="labels")
    return labels


def with_labels(tags: Mapping[str, str], labels: Mapping[str, str]) -> Mapping[str, str]:
    """Merge tags with their source's ``labels``; a tag with a label's name and another value becomes ``exported_…``."""
    if not labels:
        return tags
    renamed = {f"exported_{tag}" if labels.get(tag, value) != value else tag: value for tag, value in tags.items()}
    return {**renamed, **labels}


def foreign_key(name: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
    """Return the canonical series text for a foreign name and labels; raises Invalid."""
    return series_key(foreign_name(name), foreign_labels(pairs)).text


def foreign_document(name: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
    """Return the document key for a foreign name and labels: ``name/label:value/label:value``, in order of label names.

    A key with a changed value, and a key that was cut, ends in a hash of the name and all labels, so that keys do not collide.
    """
    key = series_key(foreign_name(name)[:MAX_NAME_BYTES], foreign_labels(pairs))
    parts = [f"{label}:{_NOT_IN_PART.sub('_', value)}" for label, value in key.labels]
    plain = "/".join([key.name, *parts])
    changed = any(_NOT_IN_PART.search(value) for _, value in key.labels)
    if not changed and len(plain) <= MAX_NAME_BYTES and len(name) <= MAX_NAME_BYTES:
        return plain
    whole = "\x00".join([name, *(f"{label}\x01{value}" for label, value in key.labels)])
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: MAX_NAME_BYTES - 9]}-{mark}"


#: This server's tokens anywhere, and the fields of JSON bodies, URLs and headers that hold secrets.
_SECRETS = re.compile(
    r"""dsh_[\w-]+|(?<=["'&?\s])((?:auth_token|api_key|token|password|p)["']?\s*[:=]\s*["']?)[^"'&\s,}]+""",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Replace the secrets in a text by ``***``."""
    return _SECRETS.sub(lambda found: f"{found[1] or ''}***", text)


def shown(offending: bytes | str) -> str:
    """Return the beginning of refused data as text of at most 200 bytes, with secrets replaced."""
    raw = offending.encode("utf-8", "replace") if isinstance(offending, str) else offending
    text = raw[:_MAX_SHOWN_BYTES].decode("utf-8", "replace")
    return without_secrets(text).encode()[:_MAX_SHOWN_BYTES].decode("utf-8", "ignore")
