"""Where a server is: its URL, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """``prefix``: the path under which a proxy shows the server, without a slash at its end."""

    tls: bool
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ValueError with what to write instead."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r:.100} is not a server's address: write http://HOST:PORT")
        if parts.username is not None:
            raise ValueError("no user in the address: give the token by itself")
        host, prefix = parts.hostname.encode("idna").decode(), parts.path.rstrip("/")
        if not (host + prefix).isascii() or not (host + prefix).isprintable() or " " in host + prefix:
            raise ValueError(f"{url!r:.100} is not a server's address: percent-encode what is not ASCII")
        tls = parts.scheme == "https"
        return cls(tls, host, parts.port or (443 if tls else 80), prefix)

    @property
    def host_header(self) -> str:
        """As the Host header has it: without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def authorization(token: str | None) -> dict[str, str]:
    """The header that carries a token; none without one. Raises ValueError for what cannot stand in a header."""
    if not token:
        return {}
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("a token is printable ASCII without spaces")
    return {"Authorization": f"Bearer {token}"}
