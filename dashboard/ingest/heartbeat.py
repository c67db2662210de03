"""Heartbeats: Uptime Kuma's push (``/api/push/TOKEN?status=up&msg=OK&ping=12``), Healthchecks' pings (``/ping/UUID``, ``/ping/KEY/SLUG``).

Source: Uptime Kuma's server/routers/api-router.js; healthchecks.io/docs/http_api and hc/api/urls.py. Both give the series
``<name>_up`` (1 or 0), a document ``<name>`` with the status, and an event with the state of the check. The caller maps the token
or uuid to the name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from dashboard.domain.errors import Invalid
from dashboard.domain.event import build_event, fingerprint_of
from dashboard.domain.series import series_key
from dashboard.ingest.naming import foreign_name
from dashboard.ingest.parsed import Parsed

MAX_TEXT_BYTES = 10_000
_ACTIONS = ("start", "fail", "log")
_PING = re.compile(r"[ \t]*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")


class CheckPing(NamedTuple):
    """Path of a Healthchecks ping. ``action``: success (""), start, fail, log, or an exit code as text.

    ``check``: the check's id, or the key of its project; ``slug``: the check's name if there is a key, else "".
    """

    check: str
    action: str
    slug: str = ""


def parse_push(name: str, query: Mapping[str, str], *, every_s: float | None = None) -> Parsed:
    """Parse Uptime Kuma's query.

    As in Uptime Kuma, a missing ``status`` means up, and an unknown ``status`` means down. If ``ping`` begins with a
    number, that number is used; the rest is ignored.
    """
    status, message = query.get("status") or "up", query.get("msg") or ""
    parsed = _state(name, status == "up", message or ("OK" if status == "up" else "down"), every_s)
    if ping := _PING.match(query.get("ping", "")):
        with contextlib.suppress(Invalid):  # such as a number beyond a double
            parsed.add(_key(name, "ping_ms"), None, float(ping[0]), unit="ms", every_s=every_s)
    return parsed


def parse_ping_path(path: str) -> CheckPing:
    """Parse the path after ``/ping/``: an id, or a key and a slug, then optionally start, fail, log or an exit code. Raises Invalid."""
    check, *more = path.strip("/").split("/")
    if not check or len(check) > 200:
        raise Invalid("has no check", field="path")
    action = more.pop() if more and (len(more) == 2 or _is_action(more[-1])) else ""
    slug = more.pop() if more else ""
    if more or (action and not _is_action(action)):
        raise Invalid("must be start, fail, log or an exit code", field="path")
    if slug.isdigit() and _UUID.fullmatch(check):
        raise Invalid("must be 0 to 255", field="exit code")
    if slug and not _SLUG.fullmatch(slug):
        raise Invalid("a slug has letters, digits, - and _ only", field="path")
    return CheckPing(check, action, slug)


def _is_action(text: str) -> bool:
    return text in _ACTIONS or (text.isascii() and text.isdigit() and len(text) < 4 and int(text) < 256)


def parse_ping(name: str, action: str, body: bytes = b"", *, every_s: float | None = None) -> Parsed:
    """Parse a Healthchecks ping for the check ``name``; the first ``MAX_TEXT_BYTES`` of the body become the text of the check's event."""
    text = body[:MAX_TEXT_BYTES].decode("utf-8", "replace").strip()
    if action in ("start", "log"):
        event = build_event(
            None, f"{name} {action}", text=text, kind="check", fingerprint=fingerprint_of("ping", name, action)
        )
        return Parsed(events=[event])
    code = int(action) if action.isdigit() else 0 if action == "" else 1
    parsed = _state(
        name, code == 0, text or ("OK" if code == 0 else f"exit code {code}" if action.isdigit() else "failed"), every_s
    )
    if action.isdigit():
        parsed.add(_key(name, "exit_code"), None, code, every_s=every_s)
    return parsed


def _state(name: str, is_up: bool, text: str, every_s: float | None) -> Parsed:
    parsed = Parsed()
    parsed.add(_key(name, "up"), None, float(is_up), every_s=every_s, kind="gauge")
    state = "ok" if is_up else "critical"
    event = build_event(None, name, text=text, kind="check", state=state, fingerprint=fingerprint_of("heartbeat", name))
    body = {"title": event.title, "text": event.text, "status": "" if is_up else "danger", "state": state}
    parsed.write(series_key(foreign_name(name)).name, body, every_s)
    parsed.events.append(event)  # ``replica/items.py`` drops it if the state has not changed
    return parsed


def _key(name: str, part: str) -> str:
    return series_key(foreign_name(f"{name}_{part}")).text
