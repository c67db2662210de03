"""Claims of a body: the series that its sender wants to own, until the samples are accepted.

A parser adds a claim for each series that the sender does not own yet. Whoever accepts the samples settles the claims of the accepted
ones, so that a refused sample never takes a name. Owners: ``origins.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


def never(_key: str) -> bool:
    """Return False: no series is over."""
    return False


class Claim(NamedTuple):
    """Claim of ``origin`` (a name as sent) to the entry ``key`` of a table of owners.

    ``gives_way``: returns whether the present owner must give the series up. ``former``: another origin of the same sender, of
    which only ``settle`` decides whether it gives the series up.
    """

    owners: Owners
    key: str
    origin: str
    gives_way: Callable[[str], bool] | None = None
    former: str = ""

    def again(self, claims: Claims) -> str:
        """Claim the same for another body, with the ``claims`` of that body; return the key. Raises Invalid."""
        return self.owners.claim(self.key, self.origin, claims, self.gives_way, self.former)

    def check(self) -> None:
        """Raise Invalid when another origin is the owner and does not give way."""
        self.owners.check(self)

    def settle(self, is_over: Callable[[str], bool] = never) -> bool:
        """Make the origin the owner. Raises Invalid when another origin has become the owner.

        If this returns True, the name is new and its owner provisional: ``keep`` or ``release`` must follow. ``is_over``: returns
        whether the samples of ``former`` in the series ``key`` are over, so that it gives way.
        """
        return self.owners.settle(self, is_over)

    def keep(self) -> None:
        """Make a provisional owner the owner, because the sample is stored."""
        self.owners.keep(self)

    def release(self) -> None:
        """Undo ``settle``, because the sample could not be stored. A name that another body has kept stays."""
        self.owners.release(self)


class Owners(Protocol):
    """Table of owners."""

    def claim(
        self, key: str, origin: str, claims: Claims, gives_way: Callable[[str], bool] | None = None, former: str = ""
    ) -> str:
        """Add a claim to ``claims``, unless ``origin`` is the owner already; return ``key``. Raises Invalid."""

    def check(self, claim: Claim) -> None:
        """See ``Claim.check``."""

    def settle(self, claim: Claim, is_over: Callable[[str], bool] = never) -> bool:
        """See ``Claim.settle``."""

    def keep(self, claim: Claim) -> None:
        """See ``Claim.keep``."""

    def release(self, claim: Claim) -> None:
        """See ``Claim.release``."""


#: Claims of a body, by the text of the series or document that is stored.
Claims = dict[str, Claim]


def claim_of_document(claims: Claims, key: str) -> Claim | None:
    """Return the claim of the document ``key``, if any: it stands under the key and a blank, because series have the key alone."""
    return claims.get(f"{key} ")


def collide(claims: Claims, more: Claims) -> bool:
    """Return whether two bodies have claims of different origins to the same series."""
    if claims is more:
        return False
    return any((other := claims.get(key)) is not None and other.origin != each.origin for key, each in more.items())
