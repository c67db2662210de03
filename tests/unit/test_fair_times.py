"""The gate is fair about time and strict about all else: second tries, scaled deadlines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import tornado.util
from tornado.ioloop import IOLoop

from dashboard.runtime import SingleFlight
from tests.support import host, second_try
from tests.support.deadline import DeadlinePassed, deadline, enough, ran_out, scaled, wait_until, within
from tests.support.fairness import SECOND_TRIES

ROOT = Path(__file__).resolve().parents[2]
_INI = """[pytest]
addopts = -p timeout -p xdist -p no:cacheprovider -q
markers =
    alone: measures times
    in_threes: waits
"""
_HEAD = """
import logging, pathlib, pytest
from tests.support.deadline import DeadlinePassed, wait_until, within
pytestmark = pytest.mark.alone

def once(name):
    file = pathlib.Path(name)
    if not file.exists():
        file.touch()
        raise DeadlinePassed("not within 1 s: the first time")
"""


class Sample:
    """Folder of tests that is run as ``scripts/test`` runs a lane and then the second tries."""

    def __init__(self, folder: Path, body: str) -> None:
        self._folder = folder
        self.second_tries = folder / "second-tries.jsonl"
        (folder / "pytest.ini").write_text(_INI)
        (folder / "conftest.py").write_text('pytest_plugins = ["tests.support.fairness"]\n')
        (folder / "test_sample.py").write_text(_HEAD + body)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        given = {"PYTHONPATH": str(ROOT), SECOND_TRIES: str(self.second_tries), host.FACTOR: "1"}
        given["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # it starts in a third of the time
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | given
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=self._folder, env=environ, capture_output=True, text=True, timeout=scaled(60), check=False
        )

    def lane(self, *arguments: str) -> int:
        """Run the tests; return the exit code."""
        return self._python("pytest", *arguments).returncode

    def again(self) -> tuple[int, str]:
        """Run the second tries; return the exit code and the output."""
        done = self._python("tests.support.second_try", str(self.second_tries))
        return done.returncode, done.stdout

    def late(self) -> list[str]:
        """Return the names of the tests that get a second try."""
        lines = self.second_tries.read_text().splitlines() if self.second_tries.exists() else []
        return [json.loads(line)["test"].rpartition("::")[2] for line in lines]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_test_that_only_ran_out_of_time_is_run_once_more(tmp_path: Path, workers: tuple[str, ...]) -> None:
    sample = Sample(tmp_path, "def test_late(): once('a')\ndef test_good(): pass\n")
    assert sample.lane(*workers) == 0
    assert sample.late() == ["test_late"]
    code, said = sample.again()
    assert code == 0
    assert "second try: test_sample.py::test_late passed" in said
    traces = sample.second_tries.with_suffix(".txt").read_text()
    assert "not within 1 s: the first time" in traces
    assert "1 passed" in traces


def test_one_that_runs_out_of_time_twice_fails_the_run(tmp_path: Path) -> None:
    sample = Sample(tmp_path, "def test_late(): within(2, 1, 'an answer')\n")
    assert sample.lane() == 0
    code, said = sample.again()
    assert code == 1
    assert "second try: test_sample.py::test_late failed" in said
    assert sample.second_tries.with_suffix(".txt").read_text().count("an answer: took 2 s, more than 1 s") >= 2


_STRICT = """
def test_wrong_value(): assert 1 == 2
def test_traceback(): 1 / 0
def test_timeout_of_the_product(): raise TimeoutError("of the product")

def test_late_in_the_midst_of_a_fault():
    try: 1 / 0
    finally: once("a")

def test_wrong_when_late():
    try: once("b")
    finally: assert 1 == 2

@pytest.fixture
def log():
    yield
    assert not "a log record"

def test_late_and_a_log_record(log): once("c")
def test_late(): once("d")
"""


def test_what_fails_for_any_other_reason_has_one_try_and_fails_the_run(tmp_path: Path) -> None:
    sample = Sample(tmp_path, _STRICT)
    assert sample.lane() == 1
    assert sample.late() == ["test_late"]


_HANGS = """
import pathlib, time, pytest
@pytest.mark.timeout(0.1)
def test_hangs(): time.sleep(30)
"""


def test_one_of_no_lane_is_timed_if_it_or_its_helper_sets_a_limit(tmp_path: Path) -> None:
    sample = Sample(tmp_path, "del pytestmark\ndef test_late(): once('a')\n")
    uses_it = f"from tests.support.turns import turn\n{_HANGS}"
    (tmp_path / "test_by_helper.py").write_text(uses_it.replace("test_hangs", "test_hangs_by_helper"))
    assert sample.lane() == 0
    assert sorted(sample.late()) == ["test_hangs_by_helper", "test_late"]


def test_one_that_sets_no_limit_has_one_try(tmp_path: Path) -> None:
    sample = Sample(tmp_path, "")
    (tmp_path / "test_plain.py").write_text(f"from tests.support.host import factor\n{_HANGS}")
    assert sample.lane() == 1
    assert sample.late() == []


def test_a_run_whose_tests_cannot_be_collected_fails(tmp_path: Path) -> None:
    sample = Sample(tmp_path, "def test_late(): once('a')\n")
    (tmp_path / "test_other.py").write_text("import nothing_of_this_name\n")
    assert sample.lane("--continue-on-collection-errors") == 1


@pytest.mark.parametrize(
    ("phases", "code"),
    [(["call"] * 3, 0), (["call"] * 4, 1), (["setup"] * 9, 0)],
    ids=["three", "four", "a common fixture of nine"],
)
def test_more_than_three_late_tests_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phases: list[str], code: int
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(second_try, "_run", lambda test: (ran.append(test) or 0, "passed"))
    lines = [json.dumps({"test": f"t.py::{n}", "phase": phase, "trace": "late"}) for n, phase in enumerate(phases)]
    file = tmp_path / "second-tries.jsonl"
    file.write_text("\n".join(lines))
    assert second_try.main(file) == code
    assert len(ran) == (0 if code else len(phases))


# --- deadlines ---


def test_deadlines_are_scaled_to_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(host.FACTOR, "2")
    within(1.9, 1, "an answer")
    enough(50, 100, "answers")
    with pytest.raises(DeadlinePassed, match="more than 2 s"):
        within(2.1, 1, "an answer")
    with pytest.raises(DeadlinePassed, match="not 50"):
        enough(49, 100, "answers")
    with pytest.raises(DeadlinePassed, match=r"not within 0.02 s: a sign"):
        wait_until(lambda: False, 0.01, "a sign")


@pytest.mark.gen_test
async def test_a_deadline_ends_the_block_and_lets_other_timeouts_through() -> None:

    with pytest.raises(DeadlinePassed, match="a message") as late:
        async with deadline(0.01, "a message"):
            await asyncio.Event().wait()
    assert ran_out(late.value)
    with pytest.raises(TimeoutError, match="of the product"):
        async with deadline(10):
            raise TimeoutError("of the product")


def test_the_limits_of_a_coroutine_test_and_of_a_process_are_deadlines_and_are_not_those_of_the_product() -> None:
    io_loop = IOLoop(make_current=False)
    with pytest.raises(tornado.util.TimeoutError) as late:
        io_loop.run_sync(asyncio.Event().wait, timeout=0.01)
    io_loop.close()
    assert ran_out(late.value)
    with pytest.raises(subprocess.TimeoutExpired) as late:
        subprocess.run(["sleep", "60"], timeout=0.01)
    assert ran_out(late.value)
    with pytest.raises(tornado.util.TimeoutError) as late:
        raise tornado.util.TimeoutError("of the product")
    assert not ran_out(late.value)


@pytest.mark.gen_test
async def test_the_timeouts_of_libraries_that_a_test_calls_are_deadlines() -> None:
    with pytest.raises(TimeoutError) as late:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    assert ran_out(late.value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(OSError, match="timed out") as late:
            urllib.request.urlopen(address, timeout=0.01)
    assert ran_out(late.value)


@pytest.mark.gen_test
async def test_a_timeout_that_came_through_the_product_is_a_fault() -> None:
    async def unfinished() -> None:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)

    with pytest.raises(TimeoutError) as late:
        await SingleFlight(unfinished)()
    assert not ran_out(late.value)


def test_a_test_that_the_limit_of_tests_has_ended_is_run_once_more(tmp_path: Path) -> None:
    body = """
@pytest.mark.timeout(0.1)
def test_hangs():
    file = pathlib.Path("hung")
    if not file.exists():
        file.touch()
        import time
        time.sleep(30)
"""
    sample = Sample(tmp_path, body)
    assert sample.lane() == 0
    assert sample.late() == ["test_hangs"]
    assert sample.again()[0] == 0


def test_the_factor_is_the_mean_over_the_parts_and_stays_within_1_and_3() -> None:
    def of(times: float) -> float:
        return host.factor_of({name: times * cost for name, cost in host.REFERENCE_S.items()})

    assert (of(0.4), of(1.5), of(9)) == (1, 1.5, 3)
    assert 1 <= host.factor_of(host.measure(3)) <= 3


def test_sigint_reaches_the_tests_also_in_the_background_of_a_script() -> None:
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # tests/conftest.py; a child would inherit it
    ask = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    assert (
        subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=scaled(90)).stdout
        == "False\n"
    )
