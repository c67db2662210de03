"""The views of this process and their subscriptions: a view begins with its first viewer and ends with its last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from dashboard.hub.sources import Sources
from dashboard.hub.subscription import Subscriber, Subscription
from dashboard.hub.view import View, ViewSpec


class _Watched:
    """A view with its subscriptions; ``behind``: those that were skipped and are owed a catch-up."""

    __slots__ = ("behind", "partitions", "subscriptions", "view")

    def __init__(self, view: View, partitions: tuple[str, ...]) -> None:
        self.view = view
        self.partitions = partitions
        self.subscriptions: dict[Subscriber, Subscription] = {}
        self.behind: set[Subscription] = set()


class ViewTable:
    """``now_ms`` is the journal's time."""

    def __init__(self, sources: Sources, now_ms: Callable[[], int]) -> None:
        self._sources = sources
        self._now_ms = now_ms
        self._watched: dict[str, _Watched] = {}

    def __len__(self) -> int:
        return len(self._watched)

    def get(self, view_id: str) -> View | None:
        """Return a view that somebody watches."""
        watched = self._watched.get(view_id)
        return watched.view if watched is not None else None

    def join(self, connection: Subscriber, spec: ViewSpec) -> tuple[Subscription, bool]:
        """Subscribe a connection at the place where the view stands; the second value: the view has just begun."""
        watched = self._watched.get(spec.id)
        begins = watched is None
        if watched is None:
            partitions = self._sources.want(spec.selectors)
            replicas = [partial(self._sources.replica, each) for each in partitions]
            watched = self._watched[spec.id] = _Watched(View(spec, replicas, self._now_ms()), partitions)
        if before := connection.subscriptions.get(spec.id):
            watched.behind.discard(before)
            before.frame_no = -1  # a fan-out under way passes it over
        subscription = Subscription(connection, watched.view)
        connection.subscriptions[spec.id] = watched.subscriptions[connection] = subscription
        return subscription, begins

    def leave(self, connection: Subscriber, view_id: str) -> bool:
        """End a connection's subscription; False: there was none."""
        subscription = connection.subscriptions.pop(view_id, None)
        if subscription is None:
            return False
        watched = self._watched[view_id]
        watched.behind.discard(subscription)
        subscription.frame_no = -1
        del watched.subscriptions[connection]
        if not watched.subscriptions:
            del self._watched[view_id]
            self._sources.leave(watched.partitions)
        return True

    def subscriptions(self, view: View) -> Iterable[Subscription]:
        """Return a view's subscriptions."""
        watched = self._watched.get(view.id)
        return watched.subscriptions.values() if watched is not None else ()

    def behind(self, view: View) -> set[Subscription]:
        """Return those of a view that were skipped; the caller adds and discards."""
        watched = self._watched.get(view.id)
        return watched.behind if watched is not None else set()

    def caught_up(self, view: View) -> bool:
        """Return whether the replicas that a view reads have caught up with the journal."""
        return self._sources.ready(self._watched[view.id].partitions)

    def missed(self, partition: str, reason: str) -> None:
        """Rebase the views of a partition whose replica has missed entries: their viewers are owed ``gap`` and a snapshot."""
        for watched in self._watched.values():
            if partition not in watched.partitions:
                continue
            watched.view.rebase()
            watched.view.gap_reason = reason
            for subscription in watched.subscriptions.values():
                if subscription.awaits_reply or subscription.awaits_snapshot:  # what it gets is from after the gap
                    continue
                subscription.sent, subscription.frame_no = None, -1
                watched.behind.add(subscription)
