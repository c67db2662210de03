"""Origins of series. An origin is the name that a sender gave a series; two names must not become one series unnoticed.

``edge_a b`` and ``edge a_b`` of line protocol would both be the series edge_a_b. The first name to arrive owns the
series; the other name is refused, with the reason. A name becomes the owner when its sample is accepted, never before; it is
provisional until the sample is stored. An owner without samples for one to two periods loses its series, so that senders can be
reconfigured. ``cluster/shared_origins.py`` shares the owners between processes. This module reads no clock.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, TypeVar

from dashboard.domain.errors import Invalid
from dashboard.ingest.claims import Claim, Claims, never
from dashboard.ingest.parsed import Recall

K = TypeVar("K")
V = TypeVar("V")

#: Length of a period; an owner that was silent for two of them loses its series.
RENEWED_EVERY_MS = 600_000
_NO_LOCK: AbstractContextManager[object] = nullcontext()


class NameTaken(Invalid):
    """Refusal of a series that another name of the same sender owns already."""

    code = "name_taken"


def taken_by(key: str, origin: str, owner: str) -> NameTaken:
    """Return the refusal of ``origin``, because ``owner`` owns its series ``key``."""
    name = key.partition("{")[0][:100].strip()
    return NameTaken(
        f"{origin[:100]!a} and {owner[:100]!a} would both be {name} here; rename one, or give it a label of its own",
        field="series",
    )


class Owner(NamedTuple):
    """Origin of a series, and the time in milliseconds of the origin's first claim."""

    origin: str
    since_ms: int


class _Provisional(NamedTuple):
    """Owner without a stored sample. ``bodies``: how often it was settled by bodies that are being stored."""

    owner: Owner
    bodies: int


class Origins:
    """Table of the owner of each series, by the series' canonical text. An owner is an origin: the name as the sender
    sent it.

    Owners of the current and of the previous period count; older ones are forgotten. ``is_shared``: True if new
    owners are kept until ``take_claims`` returns them for publication. ``lock``: excludes other threads' changes; needed
    if several threads use the table.
    """

    def __init__(
        self,
        max_items: int = 20_000,
        *,
        is_shared: bool = False,
        lock: AbstractContextManager[object] = _NO_LOCK,
    ) -> None:
        self._max_items = max_items
        self._is_shared = is_shared
        self._present: dict[str, Owner] = {}
        self._before: dict[str, Owner] = {}
        self._provisional: dict[str, _Provisional] = {}
        self._untold: dict[str, Owner] = {}
        self._until_ms = self._now_ms = 0
        self.period = 0
        self._lock = lock

    def renew(self, latest_ms: int) -> None:
        """Begin a new period when the present period is over; caches of owned series (``OwnedRecall``) are emptied
        then."""
        self._now_ms = latest_ms
        if latest_ms < self._until_ms:
            return
        with self._lock:
            if latest_ms < self._until_ms:
                return  # another thread has just done it
            is_long_ago = latest_ms >= self._until_ms + RENEWED_EVERY_MS
            self._until_ms = latest_ms + RENEWED_EVERY_MS
            self._before, self._present = {} if is_long_ago else self._present, {}
            self.period += 1

    def claim(
        self, key: str, origin: str, claims: Claims, gives_way: Callable[[str], bool] | None = None, former: str = ""
    ) -> str:
        """Add ``origin``'s claim to the series ``key`` to the ``claims`` of a body, unless it is the owner already; return ``key``.

        ``gives_way`` and ``former``: see ``Claim``. Raises NameTaken when another origin is the owner or has a claim in the same
        body.  A series in ``claims`` must not be cached: later bodies have to claim it again.
        """
        owner = self._present.get(key)
        if owner is not None and owner.origin == origin:
            return key
        claimed = claims.get(key)
        if claimed is None or claimed.key != key:  # a native histogram's claim to its own name
            claim = Claim(self, key, origin, gives_way, former)
            self.check(claim)
            claims[key] = claim
        elif claimed.origin != origin:
            raise taken_by(key, origin, claimed.origin)
        return key

    def check(self, claim: Claim) -> None:
        """Raise NameTaken when another origin is the owner and does not give way; ``settle`` decides about ``former``."""
        owner = self._owner_of(claim.key)
        if owner is None or owner.origin in (claim.origin, claim.former):
            return
        if claim.gives_way is None or not claim.gives_way(owner.origin):
            raise taken_by(claim.key, claim.origin, owner.origin)

    def settle(self, claim: Claim, is_over: Callable[[str], bool] = never) -> bool:
        """Make a claim's origin the owner, because its sample is accepted; raises NameTaken.

        Return whether the owner is provisional: then ``keep`` or ``release`` must follow.
        """
        key, origin = claim.key, claim.origin
        with self._lock:
            self.check(claim)
            if self._is_owner(key, claim.former) and not is_over(key):
                raise taken_by(key, origin, claim.former)
            owner = self._present.get(key) or self._before.get(key)
            if owner is None:
                self._settle_new(key, sys.intern(origin))
                return True
            if owner.origin != origin:
                owner = Owner(sys.intern(origin), owner.since_ms - 1)  # before the other, so that all processes follow
                self.period += 1
            self._keep_and_tell(key, owner)
            return False

    def _settle_new(self, key: str, origin: str) -> None:
        owner, bodies = self._provisional.get(key) or (Owner(origin, self._now_ms), 0)
        if owner.origin != origin:  # which gives way
            owner, bodies = Owner(origin, owner.since_ms - 1), 0
        self._provisional[key] = _Provisional(owner, bodies + 1)

    def keep(self, claim: Claim) -> None:
        """Make a provisional owner the owner. No effect if it is one already, or if another origin has become the owner."""
        with self._lock:
            found = self._provisional.get(claim.key)
            if found is not None and found.owner.origin == claim.origin:
                del self._provisional[claim.key]
                self._keep_and_tell(claim.key, found.owner)

    def release(self, claim: Claim) -> None:
        """Forget a provisional owner when no other body may still store a sample of it.

        Nobody else knows it: caches learn only owners of ``_present``, and only these are published.
        """
        with self._lock:
            found = self._provisional.get(claim.key)
            if found is None or found.owner.origin != claim.origin:
                return
            if found.bodies > 1:
                self._provisional[claim.key] = found._replace(bodies=found.bodies - 1)
            else:
                del self._provisional[claim.key]

    def _is_owner(self, key: str, origin: str) -> bool:
        owner = self._owner_of(key)
        return owner is not None and owner.origin == origin

    def _owner_of(self, key: str) -> Owner | None:
        owner = self._present.get(key) or self._before.get(key)
        if owner is None and (found := self._provisional.get(key)) is not None:
            owner = found.owner
        return owner

    def _keep_and_tell(self, key: str, owner: Owner) -> None:
        self._keep(key, owner)
        if self._is_shared and len(self._untold) < self._max_items:
            self._untold[key] = owner

    def _keep(self, key: str, owner: Owner) -> None:
        if len(self._present) >= self._max_items:
            self._before, self._present = self._present, {}
        self._present[key] = owner

    # --- other processes ---

    def take_claims(self, most: int) -> dict[str, Owner]:
        """Return at most ``most`` unpublished claims, and treat them as published from now on."""
        taken: dict[str, Owner] = {}
        with self._lock:
            while self._untold and len(taken) < most:
                key, owner = self._untold.popitem()
                taken[key] = owner
        return taken

    def tell_again(self) -> None:
        """Mark all claims as unpublished, because another process may not know them."""
        with self._lock:
            self._untold = {**self._before, **self._present, **self._untold}

    def hear(self, claims: Mapping[str, Owner]) -> None:
        """Apply the claims of another process. Of two owners, the earlier owner keeps the series in all processes."""
        with self._lock:
            for key, heard in claims.items():
                self._hear(key, heard)

    def _hear(self, key: str, heard: Owner) -> None:
        known = self._owner_of(key) or heard
        if known.origin == heard.origin:
            if (untold := self._untold.get(key)) is not None and heard.since_ms <= untold.since_ms:
                del self._untold[key]  # the other process has published it for both
            self._provisional.pop(key, None)
            self._keep(key, min(known, heard, key=lambda owner: owner.since_ms))
        elif (heard.since_ms, heard.origin) < (known.since_ms, known.origin):
            self._provisional.pop(key, None)
            self._keep(key, heard)
            self.period += 1  # empties the caches that know the other owner
        elif key not in self._provisional:
            self._untold[key] = known  # the other process has not heard of it


def origin_of(name: str, labels: Mapping[str, str]) -> str:
    """Return the origin of a series: its name and the names of its non-empty labels.

    Values of labels are left out, because parsers keep them unchanged.
    """
    return ",".join([name, *sorted(label for label, value in labels.items() if value)])


class OwnedRecall(Recall[K, V]):
    """Cache (``Recall``) that is emptied when a new period of ``origins`` begins: active senders then claim their series again.

    ``waiting``: the same for series that their sender does not own yet, or never will because all their samples are refused. Each
    body claims them again (``again``), but need not parse their names again.
    """

    def __init__(self, max_items: int = 20_000, *, origins: Origins | None = None) -> None:
        super().__init__(max_items)
        self.origins = Origins(max_items) if origins is None else origins
        self.waiting: Recall[K, tuple[V, Claim]] = Recall(max_items)
        self._period = 0

    def renew(self, latest_ms: int) -> None:
        """Empty the cache when a new period of ``origins`` has begun; call it once for each body."""
        self.origins.renew(latest_ms)
        if self._period != self.origins.period:
            self._period = self.origins.period
            self.clear()

    def own(self, seen: K, value: V, key: str, claims: Claims) -> V:
        """Cache and return ``value``; keep it in ``waiting`` if the series ``key`` is still in the body's ``claims``."""
        if (claim := claims.get(key)) is not None:
            self.waiting.learn(seen, (value, claim))
            return value
        self.waiting.pop(seen, None)
        return self.learn(seen, value)

    def again(self, seen: K, claims: Claims) -> V | None:
        """Return the value in ``waiting``, None if there is none; claim its series for this body. Raises NameTaken."""
        waiting = self.waiting.get(seen)
        if waiting is None:
            return None
        value, claim = waiting
        return value if claim.again(claims) in claims else self.own(seen, value, claim.key, claims)
