"""What each token, or source, may feed: names that begin so, so many samples a second, so many series of its own.

Both are counted over all processes.  Its series are those that it has fed since the first of the processes that run now
started; only what is new is refused, so what feeders send again after a restart is known before they bring new series into being.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.domain.errors import Forbidden, TooMany
from dashboard.domain.identity import Caller
from dashboard.domain.rate import Pace

FORBIDDEN = Forbidden.code
#: What a token did not use is saved up for so long.
BURST_S = 10.0


class TokenLimits:
    """Callers without a token have no limits here. ``rates`` and ``ownership`` are those of tokens."""

    def __init__(self, *, ownership: SeriesOwnership, rates: SharedRateLimits) -> None:
        self._ownership = ownership
        self._rates = rates

    def pay(self, caller: Caller | None, count: int) -> None:
        """Take ``count`` samples off what the token may send now; raises TooMany, and then takes nothing."""
        token = caller.token if caller is not None else None
        if token is None or not token.per_s or not count:
            return
        if wait_s := self._rates.take(token.id, Pace(token.per_s, BURST_S * token.per_s), count):
            raise TooMany(
                f"the token {token.name} may send {token.per_s:g} samples a second; send less often, or make a token with a larger "
                "--per-s",
                retry_after_s=wait_s,
            )

    def check_name(self, caller: Caller | None, name: str) -> None:
        """Raises Forbidden when the token may not write what is called so."""
        if self.barred(caller, (name,)):
            raise Forbidden(self.why(caller))

    def barred(self, caller: Caller | None, keys: Iterable[str]) -> set[str]:
        """Those of the series that begin with none of the token's prefixes."""
        prefixes = caller.token.prefixes if caller is not None and caller.token is not None else ()
        return {key for key in keys if not key.startswith(prefixes)} if prefixes else set()

    def why(self, caller: Caller | None) -> str:
        """The reason given for what is barred."""
        token = caller.token if caller is not None else None
        begins = " or ".join(token.prefixes) if token else ""
        return (
            f"the token {token.name} may write only what begins with {begins}; name it so, or make another token"
            if token
            else ""
        )

    def surplus(
        self, caller: Caller | None, keys: Iterable[str], new: Collection[str], exists: Callable[[str], bool]
    ) -> set[str]:
        """Those of a batch's ``keys`` that are ``new`` and would (in their order) be too many of the token's."""
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
        """The reason given for what is one too many, and its code."""
        token, what = (caller.token, caller.kind) if caller is not None else (None, "")
        cure = "make a token with a larger --max-series" if what == "token" else "give the source a larger max_series"
        reason = (
            f"would be one more than the {token.max_series} series of the {what} {token.name}; {cure}" if token else ""
        )
        return reason, f"{what}_series_limit"

    async def catch_up(self) -> None:
        """Know what tokens have fed on other processes; raises Unavailable."""
        await self._ownership.catch_up()

    async def tell(self) -> None:
        """Return when the other processes know what was noted, or cannot be told now."""
        await self._ownership.tell()

    def series_of(self, caller: Caller | None) -> int:
        """How many series the caller's token (or the source) has fed; 0 without one."""
        token = caller.token if caller is not None else None
        return len(self._ownership.of(token.id)) if token is not None else 0

    def note(self, caller: Caller | None, keys: Collection[str]) -> bool:
        """The token has fed these series; False: that is known."""
        return caller is not None and caller.token is not None and self._ownership.add(caller.token.id, keys)
