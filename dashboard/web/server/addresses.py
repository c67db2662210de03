"""Addresses that a request names to be led to."""

from __future__ import annotations


def own_address(target: str) -> str:
    """Return ``target`` if it is a path of this server, else the first page: never another host's address."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain and "\\" not in target else "/"
