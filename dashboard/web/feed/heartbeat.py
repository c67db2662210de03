"""Signs of life: Uptime Kuma's ``/api/push/TOKEN``, Healthchecks' ``/ping/CHECK``.

The token stands in the address and says what is alive by its name; or the address is a name and the token stands elsewhere (or none is
needed).  GET writes here, as in the originals, so what a browser sends from another site's page is refused.
"""

from __future__ import annotations

from typing import Any

from dashboard.domain.errors import Forbidden, Invalid, NotFound
from dashboard.ingest.heartbeat import parse_ping, parse_ping_path, parse_push
from dashboard.web.feed.feeding import FeederHandler

_SAME = ("same-origin", "none")


class HeartbeatHandler(FeederHandler):
    """``identify`` says what is alive."""

    secret_path = True

    def authorise_feeder(self) -> None:
        """It is asked when the address is read."""
        if self._unknown is not None:
            raise self._unknown

    def identify(self, shown: str) -> str:
        """The name of what lives, ``shown`` being a token or that name; raises NotFound when nobody knows, Forbidden."""
        if self.request.headers.get("Sec-Fetch-Site", "none") not in _SAME:
            raise Forbidden("a page of another site may not say this")
        found = self.context.identity.by_path(shown) if self.caller.token is None else None
        if found is not None:
            self.caller = found
        try:
            self.authorise(self.shown_elsewhere())
        except Forbidden:
            raise NotFound("there is no such monitor that may write") from None
        return found.name if found is not None else shown


class PushHandler(HeartbeatHandler):
    """``ANY /api/push/TOKEN?status=up|down&msg=&ping=ms``."""

    format_ = "uptime_kuma"

    async def get(self, shown: str) -> None:
        name = self.identify(shown)
        given = {key: self.get_query_argument(key, "") for key in ("status", "msg", "ping")}
        outcome = await self.accept(parse_push(name, given))
        if outcome.refused:
            raise Invalid(outcome.refused[0].reason, field=outcome.refused[0].field)
        self.write_json({"ok": True})

    post = put = patch = delete = options = get

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        unknown = self.get_status() in (401, 404)
        if unknown:
            self.set_status(404)
            self.clear_header("WWW-Authenticate")
        self.write_json(
            {"ok": False, "msg": "Monitor not found or not active." if unknown else text}, self.get_status()
        )


class PingHandler(HeartbeatHandler):
    """``HEAD|GET|POST /ping/CHECK[/start|/fail|/log|/EXIT CODE]``; the body's beginning is the text."""

    format_ = "healthchecks"

    async def get(self, path: str) -> None:
        try:
            ping = parse_ping_path(path)
        except Invalid as invalid:
            raise NotFound(invalid.reason) from None
        name, said = self.identify(ping.check), self.body()
        if token := self._token_in(said):  # what is said is shown
            said = said.replace(token.encode(), b"***")
        outcome = await self.accept(parse_ping(name, ping.action, said))
        if outcome.refused:
            raise Invalid(outcome.refused[0].reason, field=outcome.refused[0].field)
        self.write_text("OK")

    post = get

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        if self.get_status() in (401, 404):
            self.clear_header("WWW-Authenticate")
            self.write_text("not found", 404)
        else:
            self.write_text(text, self.get_status())
