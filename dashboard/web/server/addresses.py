"""Check of redirect targets that a request names."""

from __future__ import annotations


def own_address(target: str) -> str:
    """Return ``target`` if it is a path of this server, else ``/``, so that no redirect leads to another host."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else "/"
