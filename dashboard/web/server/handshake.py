"""Handshake of WebSockets: identify the client, reserve a place for the connection, and check the upgrade request."""

from __future__ import annotations

from tornado.websocket import WebSocketHandler

from dashboard.address_counts import Place
from dashboard.domain.errors import BadToken, DashboardError, Overloaded, Unavailable
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.ip_addresses import network_of
from dashboard.hub.places import ConnectionPlaces
from dashboard.web.server.base import allows_origin
from dashboard.web.server.context import WebContext


class HandshakeHandler(WebSocketHandler):
    """Base of the handlers that upgrade. ``caller`` is known after ``identify``, ``place`` after ``find_place``."""

    context: WebContext
    methods: tuple[str, ...] = ("GET",)
    caller: Caller = ANONYMOUS
    place: Place

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    async def identify(self) -> bool:
        """Set the caller and return True; or answer 401 to a wrong token, 503 to one that cannot be checked now."""
        identity = self.context.identity
        try:
            try:
                self.caller = identity.caller_of(self.request)
            except BadToken:
                await identity.refresh_for(self.request)  # another process may have just created the token
                self.caller = self._known_caller()
        except (BadToken, Unavailable) as error:
            self._answer_error(error)
            return False
        return True

    def find_place(self, places: ConnectionPlaces) -> None:
        """Reserve a place for another connection of the caller; answer 503 if no place is free."""
        try:
            self.place = places.reserve(self.caller, network_of(self.request.remote_ip or ""))
        except Overloaded as error:
            self._answer_error(error)

    def _answer_error(self, error: DashboardError) -> None:
        """Answer with the status of an error; the headers that are set already stay."""
        self.set_status(error.http_status)
        if error.retryable:
            self.set_header("Retry-After", "5")
        self.finish({"code": error.code, "error": str(error)})

    def on_finish(self) -> None:
        """Release the place of a client that was refused; called by Tornado when the response is complete."""
        if self.get_status() != 101:
            self.place.release()

    def _known_caller(self) -> Caller:
        """Return the caller after a refresh. If no login is needed, an unknown token is ignored. Raises BadToken."""
        identity = self.context.identity
        try:
            return identity.caller_of(self.request)
        except BadToken:
            if (at_machine := identity.at_machine(self.request)) is not None:
                return at_machine
            raise

    def check_origin(self, origin: str) -> bool:
        """Return whether the guard allows the origin; ``https://name`` and ``name:443`` are the same origin. Called by Tornado."""
        return allows_origin(self, origin)

    async def get(self, *args: str, **kwargs: str) -> None:
        """Upgrade to a WebSocket of version 13; answer other requests with 426 and JSON."""
        headers = self.request.headers
        if not self.asks_upgrade():
            self.set_status(426)
            self.set_header("Upgrade", "websocket")
            self.finish(
                {"code": "upgrade_required", "error": "this path is for WebSockets; connect with Upgrade: websocket"}
            )
        elif headers.get("Sec-WebSocket-Version") != "13":
            self.set_status(426)
            self.set_header("Sec-WebSocket-Version", "13")
            self.finish({"code": "upgrade_required", "error": "this server needs version 13 of the WebSocket protocol"})
        else:
            await super().get(*args, **kwargs)

    def asks_upgrade(self) -> bool:
        """Return whether the request asks for a WebSocket."""
        headers = self.request.headers
        connection = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
        return headers.get("Upgrade", "").lower() == "websocket" and "upgrade" in connection

    def on_message(self, message: str | bytes) -> None:
        raise NotImplementedError("messages come through on_text")

    def write_error(self, status_code: int, **kwargs: object) -> None:
        if status_code == 405:
            self.set_header("Allow", ", ".join(self.methods))
        self.finish({"code": "invalid", "error": self._reason})
