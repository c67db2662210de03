"""Grafana's annotations, ``{"time": ms, "timeEnd"?: ms, "tags": [], "text"}``: new ones (also in Graphite's form), changes and searches.

Source: grafana.com/docs, "Annotations HTTP API".  The first line of ``text`` is the title.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from msgspec import structs

from dashboard.domain.errors import Invalid
from dashboard.domain.event import EventIn, build_event, fingerprint_of
from dashboard.ingest.batch import MAX_T_MS, check_time
from dashboard.ingest.events_graphite import parse_graphite_event
from dashboard.ingest.events_json import read_object, tags_in, text_in
from dashboard.ingest.json_values import not_a_number
from dashboard.ingest.parsed import Parsed

#: Tags that an item of the document keeps.
MAX_TAGS = 8
#: Grafana's limit of a search that states none.
_USUAL_LIMIT = 100


def parse_grafana_annotation(body: bytes, now_ms: int, latest_ms: int) -> Parsed:
    """Parse one annotation; without a time it gets ``now_ms``. Raises Invalid."""
    given = read_object(body)
    if "what" in given and "text" not in given:
        (event,) = parse_graphite_event(body, latest_ms).events
        return Parsed(events=[structs.replace(event, t_ms=now_ms) if event.t_ms is None else event])
    return Parsed(events=[_event(given, now_ms, latest_ms)])


def parse_annotation_change(body: bytes, item: Mapping[str, Any], latest_ms: int, *, whole: bool) -> dict[str, Any]:
    """Return the fields of ``item`` (of the document ``events``) as a PATCH or a PUT (``whole``) sets them; raises Invalid."""
    given = read_object(body)
    said: dict[str, Any] = {**annotation_of(0, item)} | ({"timeEnd": None, "tags": []} if whole else {})
    said |= {name: given[name] for name in ("time", "timeEnd", "tags", "text") if given.get(name) is not None}
    if whole:
        said["text"] = given.get("text")
    event = _event(said, int(item.get("t", 0)), latest_ms)
    new: dict[str, Any] = {
        "label": event.title,
        "value": event.text,
        "t": event.t_ms,
        "tags": list(event.tags)[:MAX_TAGS],
    }
    return new if event.ended_ms is None else {**new, "ended": event.ended_ms}


def annotation_of(number: int, item: Mapping[str, Any]) -> Annotation:
    """Convert an item of the document ``events`` to a Grafana annotation with the id ``number``."""
    text = "\n".join(filter(None, (str(item.get("label", "")), str(item.get("value", "")))))
    t_ms = item.get("t", 0)
    return {"id": number, "time": t_ms, "timeEnd": item.get("ended", t_ms), "tags": item.get("tags", []), "text": text}


class Annotation(TypedDict):
    """An annotation as Grafana shows it; times in milliseconds."""

    id: int
    time: int
    timeEnd: int
    tags: list[str]
    text: str


class Wanted(NamedTuple):
    """A search for annotations. ``from_ms``, ``to_ms``: None without a bound. ``any_tag``: one of the tags suffices."""

    from_ms: int | None
    to_ms: int | None
    tags: frozenset[str]
    any_tag: bool
    limit: int


def wanted_by(query: Mapping[str, Sequence[str]]) -> Wanted:
    """Read the arguments ``from``, ``to``, ``tags``, ``matchAny`` and ``limit`` of a search. Raises Invalid."""
    from_ms, to_ms = _whole(query, "from"), _whole(query, "to")
    limit = _whole(query, "limit") or _USUAL_LIMIT
    return Wanted(
        from_ms, to_ms, frozenset(filter(None, query.get("tags", ()))), _last(query, "matchAny") == "true", limit
    )


def matches(annotation: Annotation, wanted: Wanted) -> bool:
    """Return whether an annotation has the tags and overlaps the time of a search."""
    if wanted.from_ms is not None and annotation["timeEnd"] < wanted.from_ms:
        return False
    if wanted.to_ms is not None and annotation["time"] > wanted.to_ms:
        return False
    has = wanted.tags.intersection(annotation["tags"])
    return bool(has) if wanted.any_tag and wanted.tags else has == wanted.tags


def _last(query: Mapping[str, Sequence[str]], name: str) -> str:
    return (query.get(name) or [""])[-1]


def _whole(query: Mapping[str, Sequence[str]], name: str) -> int | None:
    """Return an argument that is a whole number; None if it is missing, empty or 0. Raises Invalid."""
    text = _last(query, name)
    if not text.isascii() or not (text.isdigit() or not text) or len(text) > 16:
        raise Invalid("is not a whole number", field=name)
    return int(text or "0") or None


def _event(given: dict[str, Any], now_ms: int, latest_ms: int) -> EventIn:
    text, tags = text_in(given, "text").strip(), tags_in(given)
    if not text:
        raise Invalid("is missing", field="text")
    t_ms, ended_ms = _time(given, "time", latest_ms), _time(given, "timeEnd", MAX_T_MS)  # which may be planned
    if ended_ms is not None and ended_ms <= (now_ms if t_ms is None else t_ms):
        ended_ms = None  # Grafana's clients send an equal end for a single moment
    title, _, more = text.partition("\n")
    return build_event(
        now_ms if t_ms is None else t_ms,
        title,
        text=more.strip() if len(title) <= 200 else text,
        tags=tags,
        kind="annotation",
        ended_ms=ended_ms,
        fingerprint=fingerprint_of("grafana", text, str(t_ms), *tags),
    )


def _time(given: dict[str, Any], name: str, latest_ms: int) -> int | None:
    stated = given.get(name)
    if stated is None or stated == 0:
        return None
    if isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) <= 16:
        stated = int(stated)  # as shell scripts quote it
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        raise not_a_number(stated, name)
    return check_time(stated, latest_ms, field=name)
