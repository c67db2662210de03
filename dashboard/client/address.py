"""Address of a server: its URL, parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """Parts of a server's URL. ``prefix``: the path under which a proxy shows the server, without a slash at its end."""

    tls: bool
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address for a URL. Raises ValueError with a message that shows the right form."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r:.100} is not a server's address: write http://HOST:PORT")
        if parts.username is not None:
            raise ValueError("the address holds a user name; remove it and give the token by itself")
        host, prefix = parts.hostname.encode("idna").decode(), parts.path.rstrip("/")
        if not (host + prefix).isascii() or not (host + prefix).isprintable() or " " in host + prefix:
            raise ValueError(f"{url!r:.100} is not a server's address: percent-encode characters that are not ASCII")
        tls = parts.scheme == "https"
        return cls(tls, host, parts.port or (443 if tls else 80), prefix)

    @property
    def host_header(self) -> str:
        """Value of the Host header: without the port if it is the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def authorization(token: str | None) -> dict[str, str]:
    """Return the header with a token; empty without a token. Raises ValueError if a header cannot contain the token."""
    if not token:
        return {}
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("a token is printable ASCII without spaces; this one has other characters")
    return {"Authorization": f"Bearer {token}"}
