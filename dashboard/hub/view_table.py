"""Table of this process' views and their subscriptions. A view exists as long as it has a subscription."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from dashboard.domain.selector import Selector
from dashboard.hub.ended_views import EndedViews
from dashboard.hub.shared_changes import SharedChanges
from dashboard.hub.sources import ExpressionSource, ReplicaSources
from dashboard.hub.subscription import Subscriber, Subscription
from dashboard.hub.view import View, ViewSpec
from dashboard.index.series_index import Keyed, SeriesIndex
from dashboard.replica.documents import DocumentKey
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series


class _Watched:
    """View with its subscriptions; ``behind``: skipped subscriptions that need a catch-up frame."""

    __slots__ = ("behind", "partitions", "subscriptions", "view")

    def __init__(self, view: View, partitions: tuple[str, ...]) -> None:
        self.view = view
        self.partitions = partitions
        self.subscriptions: dict[Subscriber, Subscription] = {}
        self.behind: set[Subscription] = set()


K = TypeVar("K", bound=Keyed)


class _KeptMatches(Generic[K]):
    """Matches of one selector in one index, kept until ``release``."""

    def __init__(self, index: SeriesIndex[K], selector: Selector) -> None:
        self._index = index
        self._matches = index.hold(selector)

    def __len__(self) -> int:
        return len(self._matches.members)

    def evaluate(self) -> Iterator[None]:
        """Evaluate the matches if they are not evaluated yet; yield after each step of about a millisecond."""
        return self._index.evaluate(self._matches)

    def release(self) -> None:
        """Let the index forget the matches if nobody else uses them."""
        self._index.release(self._matches)


class Held:
    """Matches of several selectors, kept while this object is in use. Some of the matches may not be evaluated yet."""

    def __init__(self, held: list[_KeptMatches[Series] | _KeptMatches[DocumentKey]]) -> None:
        self._held = held

    def steps(self) -> Iterator[None]:
        """Evaluate the missing matches; yield after each step of about a millisecond."""
        for kept in self._held:
            yield from kept.evaluate()

    def count(self) -> int:
        """Return how many series and documents the selectors match in all."""
        return sum(map(len, self._held))


def _nobody(view: View) -> None:
    """Ignore a changed view; this is the handler until ``subscribe`` sets another one."""


class ViewTable:
    """Table of views by id. ``now_ms`` is the journal's time; ``ended``: closes the views without viewers."""

    def __init__(
        self, sources: ReplicaSources, now_ms: Callable[[], int], live: ExpressionSource | None = None
    ) -> None:
        self._sources = sources
        self._live = live
        self._now_ms = now_ms
        self._watched: dict[str, _Watched] = {}
        self._changes = SharedChanges()
        self.ended = EndedViews()
        self._on_change: Callable[[View], None] = _nobody
        self._on_behind: Callable[[View], None] = _nobody

    def subscribe(self, *, on_change: Callable[[View], None], on_behind: Callable[[View], None]) -> None:
        """Call ``on_change`` with each changed view, and ``on_behind`` with each view whose viewers need a catch-up frame."""
        self._on_change, self._on_behind = on_change, on_behind

    def __len__(self) -> int:
        return len(self._watched)

    def get(self, view_id: str) -> View | None:
        """Return a view by its id; None if it has no viewer."""
        watched = self._watched.get(view_id)
        return watched.view if watched is not None else None

    def join(self, connection: Subscriber, spec: ViewSpec) -> tuple[Subscription, bool]:
        """Subscribe a connection at the view's position; return the subscription, and whether the view is new."""
        view_id = spec.id
        watched = self._watched.get(view_id)
        begins = watched is None
        if watched is None:
            partitions = self._sources.want(spec.selectors)
            replicas: list[Callable[[], Replica]] = [partial(self._sources.replica, each) for each in partitions]
            if spec.expressions and self._live is not None:
                self._live.want(spec.evaluated)
                replicas.append(self._live.replica)
            view = View(spec, replicas, self._now_ms(), self._on_change, self._changes)
            watched = self._watched[view_id] = _Watched(view, partitions)
        if before := connection.subscriptions.get(view_id):
            watched.behind.discard(before)
            before.frame_no = -1  # a fan-out in progress skips it
        subscription = Subscription(connection, watched.view)
        connection.subscriptions[view_id] = watched.subscriptions[connection] = subscription
        return subscription, begins

    def leave(self, connection: Subscriber, view_id: str) -> bool:
        """End a connection's subscription; return False if there was none."""
        subscription = connection.subscriptions.pop(view_id, None)
        if subscription is None:
            return False
        watched = self._watched[view_id]
        watched.behind.discard(subscription)
        subscription.frame_no = -1
        del watched.subscriptions[connection]
        if not watched.subscriptions:
            del self._watched[view_id]
            self.ended.add(watched.view)
            self._sources.leave(watched.partitions)
            if watched.view.spec.expressions and self._live is not None:
                self._live.leave(watched.view.spec.evaluated)
        return True

    def cost(self, selectors: Sequence[Selector]) -> int:
        """Estimate the time for matching the selectors in microseconds; selectors with known matches cost nothing."""
        with self._replicas(selectors) as replicas:
            return sum(each.table.index.cost(selectors) + each.documents.index.cost(selectors) for each in replicas)

    def scan_us(self, selectors: Sequence[Selector]) -> int:
        """Estimate the time that regular expressions need at worst, in microseconds; those of known matches need none."""
        with self._replicas(selectors) as replicas:
            return sum(
                each.table.index.scan_us(selectors) + each.documents.index.scan_us(selectors) for each in replicas
            )

    def known_members(self, selectors: Sequence[Selector]) -> int:
        """Return how many series and documents the selectors with known matches match in all."""
        with self._replicas(selectors) as replicas:
            return sum(each.table.index.count(selectors) + each.documents.index.count(selectors) for each in replicas)

    @contextmanager
    def holding(self, selectors: Sequence[Selector]) -> Iterator[Held]:
        """Keep the matches of selectors in the indexes while the context lasts."""
        with self._replicas(selectors) as replicas:
            held: list[_KeptMatches[Series] | _KeptMatches[DocumentKey]] = []
            for replica in replicas:
                held += (_KeptMatches(replica.table.index, selector) for selector in selectors)
                held += (_KeptMatches(replica.documents.index, selector) for selector in selectors)
            try:
                yield Held(held)
            finally:
                for kept in held:
                    kept.release()

    @contextmanager
    def _replicas(self, selectors: Sequence[Selector]) -> Iterator[list[Replica]]:
        partitions = self._sources.want(selectors)
        try:
            yield [self._sources.replica(partition) for partition in partitions]
        finally:
            self._sources.leave(partitions)

    def subscriptions(self, view: View) -> Iterable[Subscription]:
        """Return a view's subscriptions."""
        watched = self._watched.get(view.id)
        return watched.subscriptions.values() if watched is not None else ()

    def behind(self, view: View) -> set[Subscription]:
        """Return the set of a view's skipped subscriptions; the caller may change the set."""
        watched = self._watched.get(view.id)
        return watched.behind if watched is not None else set()

    def fall_behind(self, *subscriptions: Subscription) -> None:
        """Mark subscriptions of one view as behind: each gets a catch-up frame at the view's next tick after its client has drained."""
        watched = self._watched.get(subscriptions[0].view.id) if subscriptions else None
        if watched is not None:
            watched.behind.update(subscriptions)
            self._on_behind(watched.view)

    def caught_up(self, view: View) -> bool:
        """Return whether the replicas that a view reads have caught up with the journal."""
        return self._sources.ready(self._watched[view.id].partitions) and (
            not view.spec.expressions or self._live is None or self._live.ready(view.spec.evaluated)
        )

    def missed(self, partition: str, reason: str) -> None:
        """Move the views of a partition to the position of its replica, which missed entries; viewers get ``gap`` and a snapshot."""
        self._begin_anew((each for each in self._watched.values() if partition in each.partitions), reason)

    def expressions_missed(self, reason: str) -> None:
        """Move the views with expressions to the position of the derived series, which are computed anew."""
        self._begin_anew((each for each in self._watched.values() if each.view.spec.expressions), reason)

    def _begin_anew(self, every: Iterable[_Watched], reason: str) -> None:
        for watched in every:
            watched.view.rebase()
            watched.view.gap_reason = reason
            told = [  # of the others the pending reply is newer than the gap
                each for each in watched.subscriptions.values() if not (each.awaits_reply or each.awaits_snapshot)
            ]
            for subscription in told:
                subscription.sent, subscription.frame_no = None, -1
            self.fall_behind(*told)
