"""Limits of tokens and sources: allowed prefixes of names, samples a second, and number of series.

Samples and series are counted over all processes.  A token's series are those that it has fed since the oldest running process
started.  Only series that do not exist yet are refused, so after a restart feeders can continue their existing series.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.domain.errors import Forbidden, TooMany
from dashboard.domain.identity import Caller
from dashboard.domain.rate import Pace

FORBIDDEN = Forbidden.code
#: A token may save up unused samples of this long; more are lost.
BURST_S = 10.0


class TokenLimits:
    """Checks of tokens' limits; callers without a token have no limits. ``rates`` and ``ownership`` have the token as their key."""

    def __init__(self, *, ownership: SeriesOwnership, rates: SharedRateLimits) -> None:
        self._ownership = ownership
        self._rates = rates

    def pay(self, caller: Caller | None, count: int, *, follows: bool = False) -> None:
        """Subtract ``count`` samples from the token's allowance; raises TooMany, and then subtracts nothing.

        ``follows``: whether they belong to a body of which a part is stored. They are then subtracted in any case: a repeated
        body would pay for its first part again, and would never be stored whole.
        """
        token = caller.token if caller is not None else None
        if token is None or not token.per_s or not count:
            return
        pace = Pace(token.per_s, BURST_S * token.per_s)
        if follows:
            self._rates.charge(token.id, pace, count)
        elif wait_s := self._rates.take(token.id, pace, count):
            raise TooMany(
                f"the token {token.name} may send {token.per_s:g} samples a second; send less often, or make a token with a larger "
                "--per-s",
                retry_after_s=wait_s,
            )

    def check_name(self, caller: Caller | None, name: str) -> None:
        """Check that the token may write the name; raises Forbidden."""
        if self.barred(caller, (name,)):
            raise Forbidden(self.why(caller))

    def barred(self, caller: Caller | None, keys: Iterable[str]) -> set[str]:
        """Return the series that begin with none of the token's prefixes."""
        prefixes = caller.token.prefixes if caller is not None and caller.token is not None else ()
        return {key for key in keys if not key.startswith(prefixes)} if prefixes else set()

    def why(self, caller: Caller | None) -> str:
        """Return the reason for refusing the series that ``barred`` returned."""
        token = caller.token if caller is not None else None
        begins = " or ".join(token.prefixes) if token else ""
        return (
            f"the token {token.name} may write only names that begin with {begins}; rename this one, or make another token"
            if token
            else ""
        )

    def surplus(
        self, caller: Caller | None, keys: Iterable[str], new: Collection[str], exists: Callable[[str], bool]
    ) -> set[str]:
        """Return the ``new`` series for which the token has no room left; series are counted in the order of ``keys``.

        ``keys``: the series of the batch. ``exists``: returns whether a series still exists; a fed series that no
        longer exists does not count.
        """
        token = caller.token if caller is not None else None
        if token is None or not token.max_series:
            return set()
        fed = self._ownership.of(token.id)
        unknown = [key for key in dict.fromkeys(keys) if key not in fed]
        beginning = [key for key in unknown if key in new]
        old = len(unknown) - len(beginning)
        if len(fed) + len(unknown) > token.max_series:
            self._ownership.keep(token.id, exists)
        return set(beginning[max(0, token.max_series - len(self._ownership.of(token.id)) - old) :])

    def why_surplus(self, caller: Caller | None) -> tuple[str, str]:
        """Return the reason for refusing the series that ``surplus`` returned, and the reason's code."""
        token, what = (caller.token, caller.kind) if caller is not None else (None, "")
        cure = "make a token with a larger --max-series" if what == "token" else "give the source a larger max_series"
        reason = (
            f"would be one more than the {token.max_series} series of the {what} {token.name}; {cure}" if token else ""
        )
        return reason, f"{what}_series_limit"

    async def catch_up(self) -> None:
        """Fetch the series that tokens have fed on other processes; raises Unavailable."""
        await self._ownership.catch_up()

    async def tell(self) -> None:
        """Publish the noted series to the other processes; return once that is done or has failed."""
        await self._ownership.tell()

    def series_of(self, caller: Caller | None) -> int:
        """Count the series that the caller's token (or the source) has fed; 0 without a token."""
        token = caller.token if caller is not None else None
        return len(self._ownership.of(token.id)) if token is not None else 0

    def note(self, caller: Caller | None, keys: Collection[str]) -> bool:
        """Record that the token has fed these series; return False if all of them were recorded already."""
        return caller is not None and caller.token is not None and self._ownership.add(caller.token.id, keys)
