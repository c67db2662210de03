"""Which scenario must fail for which broken build, and how it must fail."""

from __future__ import annotations

import re
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults import bad_replies, processes, redis_faults
from tests.faults.scene import Scene

Play = Callable[[Path, str], object]
_HOLE, _DOUBLE, _ORDER = r"hole without gap|missing:", r"duplicate|twice|doubled \[\(", r"order:"


class Trial(NamedTuple):
    """Broken build and the scenario that must fail. ``signs``: pattern that the message or traceback of the failure must match."""

    build: str
    play: Play
    signs: str


class Outcome(NamedTuple):
    """Result of a trial. ``caught``: True if the scenario failed in the expected way. ``why``: its output."""

    caught: bool
    why: str


def _in_bad_replies(act: Callable[[Scene], object]) -> Play:
    def play(folder: Path, build: str) -> object:
        with bad_replies.scene_for(folder, build) as scene:
            return act(scene)

    return play


def _process(act: Callable[..., object], *how: float, **more: int) -> Play:
    return lambda folder, build: act(folder, *how, build=build, **more)


def _frozen(seconds: float, wait_s: float) -> Play:
    return lambda folder, build: redis_faults.freeze_redis(folder, seconds, wait_s=wait_s, build=build)


TRIALS = (
    Trial("drops_every_50th_entry", _process(processes.calm, 2), _HOLE),
    Trial("tells_no_gap", _process(redis_faults.empty_redis, 1), r"every viewer told gap|no gap was told"),
    Trial("ignores_the_request_id", _process(processes.pause_workers, 2), rf"{_DOUBLE}|{_ORDER}"),
    Trial("ignores_the_flush_number", _in_bad_replies(lambda s: bad_replies.lose_replies(s, 2)), r"== entries \+ 1"),
    Trial(
        "skips_the_epoch_check", _process(redis_faults.fail_over, 1), rf"told gap|went back|{_HOLE}|{_DOUBLE}|{_ORDER}"
    ),
    Trial("forgets_where_epochs_part", _process(redis_faults.fail_over, 1), rf"{_DOUBLE}|{_ORDER}"),
    Trial("ignores_since", _process(processes.kill_workers, 2, crowd=50), _HOLE),
    Trial("tells_false_gaps", _process(redis_faults.kill_redis, 1), r"false gap"),
    Trial("acks_before_it_is_stored", _frozen(6, 1.5), _HOLE),
    Trial("delivers_before_the_journal", _frozen(6, 1.5), rf"shown before it is stored|{_HOLE}|{_DOUBLE}|{_ORDER}"),
    Trial("applies_some_twice", _process(processes.calm, 2), _DOUBLE),
    Trial("delays_some_entries", _process(processes.calm, 2), _ORDER),
    Trial("drains_without_finishing", _process(processes.roll, 2), r"set\(outcomes\)"),
    Trial("does_not_respawn", _process(processes.kill_workers, 1, crowd=50), r"another worker"),
    Trial("has_no_watchdog", _process(processes.freeze_workers, 1), r"another worker"),
    Trial("outlives_its_supervisor", _process(processes.end_all), r"the workers' end"),
    Trial("hides_faults", _frozen(3, 1.5), r"readyz names the journal"),
    Trial("blocks_its_loop", _in_bad_replies(bad_replies.read_only), r"the loop of a worker was blocked"),
    Trial("waits_for_ever", _frozen(4, 1.5), r"within --append-wait-s|longer than --append-wait-s"),
    Trial("gives_up_at_once", _process(redis_faults.kill_redis, 1), r"every screen shows new values|last acks"),
    Trial("tells_passwords", _in_bad_replies(bad_replies.read_only), r"the password stands in it"),
    Trial("chokes_on_garbage", _in_bad_replies(lambda s: bad_replies.litter(s, 1)), r"every screen shows|what is this"),
    Trial("does_not_count_garbage", _in_bad_replies(lambda s: bad_replies.litter(s, 1)), r"foreign entries counted"),
)


def hold(trial: Trial, folder: Path) -> Outcome:
    """Run the scenario against the broken build. A command that does not end in time is a failure like any other."""
    try:
        trial.play(folder, trial.build)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        told = "".join(traceback.format_exception(error))
        lines = [line for line in str(error).splitlines() if not line.startswith("nemesis seed")]
        why = lines[0] if lines else traceback.extract_tb(error.__traceback__)[-1].line or ""
        return Outcome(bool(re.search(trial.signs, told)), why)
    return Outcome(False, "the scenario passed")


def control(trial: Trial, folder: Path) -> Outcome:
    """Run the scenario, which must pass, against the sound build, started in the same way."""
    outcome = hold(trial._replace(build="sound"), folder)
    return Outcome(outcome.why == "the scenario passed", outcome.why)
