"""Heartbeats: Uptime Kuma's ``/api/push/TOKEN``, Healthchecks' ``/ping/CHECK``.

Either the path contains the token, and the token's name is the monitor's name; or the path contains the monitor's name, and the
token is elsewhere or not needed.  As in the originals, GET writes, so a browser's request from another site's page is refused.
"""

from __future__ import annotations

import hashlib

from dashboard.domain.errors import Forbidden, Invalid, NotFound
from dashboard.ingest.claims import Claims
from dashboard.ingest.heartbeat import MAX_TEXT_BYTES, parse_ping, parse_ping_path, parse_push
from dashboard.ingest.naming import foreign_name
from dashboard.ingest.parsed import Parsed
from dashboard.web.feed.feeding import FEEDING, FeederHandler, FeedServices
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format, json_answer, text_answer

_SAME_SITE = ("same-origin", "none")


class UptimeKuma(Format):
    """Uptime Kuma's answers: 404 for an unknown monitor."""

    name = "uptime_kuma"
    takes_any_bytes = True

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        if fault.status in (401, 404):
            return json_answer({"ok": False, "msg": "Monitor not found or not active."}, 404)
        return json_answer({"ok": False, "msg": fault.text}, fault.status)


class Healthchecks(Format):
    """Healthchecks' answers: 404 for an unknown check."""

    name = "healthchecks"
    takes_any_bytes = True

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        if fault.status in (401, 404):
            return text_answer("not found", 404)
        return text_answer(fault.text, fault.status)


class HeartbeatHandler(FeederHandler[FeedServices]):
    """Base of the handlers for heartbeats. The path of a request may contain the token."""

    secret_path = True
    feeding_methods = ("GET", "HEAD", "OPTIONS", *FEEDING)

    def authorise_feeder(self) -> None:
        """Leave authorisation to ``identify``, which gets the path."""
        if self._unknown is not None:
            raise self._unknown

    def identify(self, shown: str) -> str:
        """Return the monitor's name; ``shown`` is its token or its name. Raises Forbidden, and NotFound for an unknown monitor."""
        if self.request.headers.get("Sec-Fetch-Site", "none") not in _SAME_SITE:
            raise Forbidden("a page of another site may not send this")
        found = self.context.identity.by_path(shown) if self.caller.token is None else None
        if found is not None:
            self.caller = found
        try:
            self.authorise(self.shown_elsewhere())
        except Forbidden:
            raise NotFound("there is no such monitor, or its token may not write") from None
        return found.name if found is not None else shown

    def claim(self, name: str, key: str = "") -> Claims:
        """Return the check's claim to its name; raises NameTaken when another check owns the name.

        ``key``: the key of the check's project.
        """
        claims: Claims = {}
        whose = self.caller.name if self.caller.token is not None else hashlib.sha256(key.encode()).hexdigest()[:8]
        intake = self.services.intake
        origins = intake.origins.of("heartbeat")
        origins.renew(intake.samples.latest_ms())
        origins.claim(foreign_name(f"{name}_up"), f"{name} of the key {whose}" if key else name, claims)
        return claims

    async def keep(self, parsed: Parsed, claims: Claims, answer: Answer) -> None:
        """Accept the heartbeat and answer; raises Invalid."""
        parsed.batch.claims = claims
        outcome = await self.accept(parsed)
        if outcome.refused:
            raise Invalid(outcome.refused[0].reason, field=outcome.refused[0].field)
        self.send(answer)


class UptimeKumaHandler(HeartbeatHandler):
    """``ANY /api/push/TOKEN?status=up|down&msg=&ping=ms``: a heartbeat in Uptime Kuma's form."""

    async def get(self, shown: str) -> None:
        await self.authenticate()
        name = self.identify(shown)
        claims = self.claim(name)
        given = {key: self.get_query_argument(key, "") for key in ("status", "msg", "ping")}
        await self.keep(parse_push(name, given), claims, json_answer({"ok": True}))

    post = put = patch = delete = options = get


class HealthchecksHandler(HeartbeatHandler):
    """``ANY /ping/CHECK[/start|/fail|/log|/EXIT CODE]``; CHECK is an id, or a key and a slug.

    With a key, the slug is the check's name. The beginning of the body is the text of the check's event.
    """

    async def get(self, path: str) -> None:
        await self.authenticate()
        try:
            ping = parse_ping_path(path)
        except Invalid as invalid:
            if invalid.field != "path":
                raise
            raise NotFound(invalid.reason) from None
        self.set_header("Ping-Body-Limit", str(MAX_TEXT_BYTES))  # some clients cut their output to it
        name, said = self.identify(ping.check), self.body()
        claims = self.claim(ping.slug or name, ping.check if ping.slug else "")
        name = ping.slug or name
        if token := self.token_in(said):  # the text will be shown, so the token is removed
            said = said.replace(token.encode(), b"***")
        await self.keep(parse_ping(name, ping.action, said), claims, text_answer("OK"))

    post = put = patch = delete = get
