"""What series and documents of foreign formats are called here.

The rules, the same for every format:

- A name keeps its letters (A-Z, a-z), digits and ``_ : . - /``; every other character becomes ``_``; one that begins with
  something else than a letter, ``_`` or ``:`` gets a ``_`` in front.
- A label name keeps letters, digits and ``_``; every other character becomes ``_``; one that begins with a digit gets a ``_`` in
  front, and of several ``_`` in front one stays (``__x`` is reserved).
- A label value is never changed, control characters included; the series' text shows them escaped. One that is too long
  refuses the sample.
- Two labels that would get one name with different values refuse the sample: nothing collides in silence.
- An empty label value is no label, as in Prometheus.
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
#: More than any setting keeps, so that a flood of them is not gone through.
MAX_FOREIGN_LABELS = CEILING.labels


def foreign_name(name: str) -> str:
    """A name by the rules above; raises Invalid when it is empty (its length is checked with the series)."""
    if not name:
        raise Invalid("the name is empty", field="series")
    mapped = _NOT_IN_NAME.sub("_", name[: CEILING.name_bytes + 1])
    return f"_{mapped}" if _NOT_FIRST.match(mapped) else mapped


def foreign_label(name: str) -> str:
    """A label's name by the rules above."""
    mapped = _NOT_IN_LABEL.sub("_", name[: CEILING.label_name_bytes + 1])
    if mapped[:1].isdigit() or not mapped:
        return f"_{mapped}"
    return "_" + mapped.lstrip("_") if mapped.startswith("__") else mapped


def foreign_labels(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Labels by the rules above; raises Invalid when two of different value would have one name."""
    labels: dict[str, str] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_FOREIGN_LABELS:
            raise Invalid(f"more than {MAX_FOREIGN_LABELS} labels", field="labels")
        if value == "":
            continue
        mapped = foreign_label(name)
        if labels.setdefault(mapped, value) != value:
            raise Invalid(f"two labels would be called {mapped[:40]} here", field="labels")
    return labels


def with_labels(tags: Mapping[str, str], labels: Mapping[str, str]) -> Mapping[str, str]:
    """Tags and the labels of where they came from; a tag of the same name and another value becomes ``exported_…``."""
    if not labels:
        return tags
    renamed = {f"exported_{tag}" if labels.get(tag, value) != value else tag: value for tag, value in tags.items()}
    return {**renamed, **labels}


def foreign_key(name: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
    """The canonical series text for a foreign name and labels; raises Invalid."""
    return series_key(foreign_name(name), foreign_labels(pairs)).text


def foreign_document(name: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
    """The document key for a foreign name and labels: ``name/label:value/label:value``, labels in order of their names.

    A value that had to be changed, or a key that had to be cut, ends in a hash of the whole, so that nothing collides.
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


#: Tokens of ours wherever they stand, and what JSON bodies, addresses and headers say their secrets in.
_SECRETS = re.compile(
    r"""dsh_[\w-]+|(?<=["'&?\s])((?:auth_token|api_key|token|password|p)["']?\s*[:=]\s*["']?)[^"'&\s,}]+""",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """A text without the tokens that feeders say in it."""
    return _SECRETS.sub(lambda found: f"{found[1] or ''}***", text)


def shown(offending: bytes | str) -> str:
    """The beginning of what was refused, as text of at most 200 bytes, without the tokens in it."""
    raw = offending.encode("utf-8", "replace") if isinstance(offending, str) else offending
    text = raw[:_MAX_SHOWN_BYTES].decode("utf-8", "replace")
    return without_secrets(text).encode()[:_MAX_SHOWN_BYTES].decode("utf-8", "ignore")
