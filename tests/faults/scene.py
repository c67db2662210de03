"""A scene: an installation under load, watched by oracles, with the checks that must hold at its end after any fault."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support.cluster import Cluster
from tests.support.deadline import DeadlinePassed
from tests.support.nemesis import Nemesis
from tests.support.oracle import Verdict
from tests.support.publisher import Publisher
from tests.support.pulse import seconds_since
from tests.support.rawsocket import RawSocket
from tests.support.server import wait_until
from tests.support.viewers import Crowd, Kind, Mark, Return

#: How far back a new screen is compared with what was acked.
_HISTORY_S = 780
ALL = '{__name__=~"load\\\\..*"}'


def quantile(values: list[float], share: float) -> float:
    """Return the value that the given share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def of_lane(lane: int) -> str:
    """Return a selector of one lane's series."""
    return f'{{__name__=~"load\\\\.{lane}\\\\..*"}}'


class Scene:
    """Context manager of a scene. ``crowd``: number of viewers of one series each, besides the full oracles (two on
    each worker, one anywhere).

    ``lossy``: the fault loses entries, so gaps are right. ``answer_s``: how long feeders wait for an answer.
    ``feed_each``: each worker's own port has feeders; ``loyal``: they return to it after each fault.
    """

    def __init__(
        self,
        folder: Path,
        nemesis: Nemesis,
        *flags: str,
        crowd: int = 40,
        lossy: bool = False,
        answer_s: float = 8,
        feed_each: bool = False,
        loyal: bool = False,
        **cluster: Any,
    ) -> None:
        self.nemesis = nemesis
        self.verdict = Verdict(lossy=lossy)
        self.cluster = Cluster(folder, *flags, **cluster)
        self._crowd_size = crowd
        self._answer_s = answer_s
        self._feed_each, self._loyal = feed_each, loyal
        self._stack = ExitStack()
        self.crowd: Crowd
        self.publisher: Publisher

    def __enter__(self) -> Scene:
        with ExitStack() as stack:
            stack.enter_context(self.cluster)
            chance = self.nemesis.chance
            ports = self.cluster.direct_ports if self._feed_each else [self.cluster.port]
            feeding = Publisher(ports, chance, timeout_s=self._answer_s, loyal=self._loyal)
            self.publisher = stack.enter_context(feeding)
            wait_until(lambda: all(lane.acked for lane in self.publisher.lanes), 10, "the first acks")
            self.crowd = stack.enter_context(Crowd(self._kinds(), self.verdict, chance))
            wait_until(lambda: self.crowd.connected() == len(self.crowd.viewers), 20, "all viewers connected")
            self.converge()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _kinds(self) -> list[Kind]:
        anywhere, lane, all_of_them = [self.cluster.port], self.publisher.lanes[0], len(self.publisher.series)
        kinds = [Kind("anywhere", 1, anywhere, [ALL], all_of_them, full=True)]
        for number, direct in enumerate(self.cluster.direct_ports, 1):
            own = {"ports": [direct], "full": True, "hasty": True}
            kinds.append(Kind(f"all of worker {number}", 1, selectors=[ALL], series=all_of_them, **own))
            kinds.append(Kind(f"a lane of worker {number}", 1, selectors=[of_lane(0)], series=len(lane.series), **own))
        kinds.append(Kind("crowd", self._crowd_size, anywhere, [self.publisher.lanes[1].series[0]], 1, rate_hz=4))
        return kinds

    # --- waiting for the world ---

    def converge(self, timeout_s: float = 10, mark: Mark | None = None) -> float:
        """Wait until every screen shows the samples from after the mark; return the seconds since the mark."""
        mark = mark or self.crowd.mark()
        wait_until(
            lambda: self.publisher.failure or not self.crowd.lagging(mark), timeout_s, _Lagging(self.crowd, mark)
        )
        if self.publisher.failure is not None:
            raise self.publisher.failure
        return seconds_since(mark.began_s)

    def gap_told_to_all(self, since_s: float, timeout_s: float = 5) -> float:
        """Wait until every viewer was told of a gap; return the seconds since then."""
        everyone = {viewer.name for viewer in self.crowd.viewers}
        wait_until(lambda: set(self.crowd.gaps_since(since_s)) == everyone, timeout_s, "every viewer told gap")
        return seconds_since(since_s)

    def returns(self, since_s: float = 0) -> list[Return]:
        """Return the returns of viewers that may connect anywhere (a viewer of one worker's own port waits for that worker)."""
        return [each for each in self.crowd.returns_since(since_s) if " of worker " not in each.viewer]

    # --- judging ---

    def judge(self) -> None:
        """Check that nothing acked is missing, nothing is doubled, all viewers saw one order, and none was told of a
        false gap. Feeding rests meanwhile."""
        with self.publisher.resting():
            acked = self.publisher.last_acked()
            try:
                wait_until(lambda: not self._missing(acked), 5)
            except DeadlinePassed:
                for viewer, missing in self._missing(acked)[:10]:
                    self.verdict.accuse(viewer, missing)
            if not self.verdict.lossy:
                for port in self.cluster.direct_ports:
                    self._judge_history(port)
            self._judge_log()
        found, count = self.verdict.take()
        assert not found, f"nemesis seed {self.nemesis.seed}; {count} in all:\n" + "\n".join(found)

    def _missing(self, acked: dict[str, int]) -> list[tuple[str, str]]:
        found = []
        for viewer in self.crowd.viewers:
            last = viewer.oracle.last
            watched = last if len(last) == viewer.kind.series else acked
            wrong = next((each for each in watched if last.get(each, 0) != acked[each]), None)
            if wrong is not None:
                found.append((viewer.name, f"missing: {wrong} stands at {last.get(wrong)}, {acked[wrong]} was acked"))
        return found

    def _judge_history(self, port: int) -> None:
        """Check that a new screen sees exactly what was acked."""
        snapshot = snapshot_of(port, ALL)
        since_ms = snapshot["as_of"] - _HISTORY_S * 1000
        shown = {
            each["series"]: _since(zip(each["t"], each["v"], strict=True), since_ms) for each in snapshot["series"]
        }
        for lane in self.publisher.lanes:
            log = _since(self.publisher.log_of(lane), since_ms)
            wrong = next((series for series in lane.series if shown.get(series) != log), None)
            if wrong is not None:
                self.verdict.accuse(f"new screen at {port}", f"{wrong}: {_differs(log, shown.get(wrong) or [])}")

    def _judge_log(self) -> None:
        """Check that the log has no unexpected exception and no password."""
        log = self.cluster.server.log.read_text()
        if "Traceback" in log:
            self.verdict.accuse("log", log[log.index("Traceback") - 300 :][:3_000])
        if self.cluster.password and self.cluster.password in log:
            self.verdict.accuse("log", "the password stands in it")


class _Lagging:
    """Text that says who lags, computed when it is needed."""

    def __init__(self, crowd: Crowd, mark: Mark) -> None:
        self._crowd, self._mark = crowd, mark

    def __str__(self) -> str:
        lagging = self._crowd.lagging(self._mark)
        return f"every screen shows new values; {len(lagging)} do not: {lagging[:6]}"


def _since(samples: Iterable[tuple[int, float]], since_ms: int) -> list[tuple[int, float]]:
    return [(t, value) for t, value in samples if t >= since_ms]


def _differs(log: list[tuple[int, float]], shown: list[tuple[int, float]]) -> str:
    missing = [value for t, value in log if (t, value) not in set(shown)]
    doubled = [each for each, other in pairwise(shown) if each == other]
    return f"{len(log)} acked, {len(shown)} shown; missing {missing[:5]}, doubled {doubled[:5]}"


def snapshot_of(port: int, selector: str) -> dict[str, Any]:
    """Return what a new screen is shown."""
    with RawSocket(port) as viewer:
        viewer.send_json(type="watch", id=1, selectors=[selector], window_s=_HISTORY_S + 20, points=10_000)
        return viewer.read_json("snapshot")
