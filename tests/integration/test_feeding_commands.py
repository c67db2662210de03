"""dashboard push, tail, run and import as users type them."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.cli.import_state import state_file
from tests.integration.test_commands import run
from tests.integration.test_python_client import values_of
from tests.support.deadline import scaled
from tests.support.program import program
from tests.support.scripted_server import ScriptedServer
from tests.support.server import ServerProcess, wait_until

AWAY = ("--wait", "0.3", "--url", "http://127.0.0.1:1")


def start(*arguments: str, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )  # type: ignore[call-overload, no-any-return]


def ignore_interrupt() -> None:
    """Ignore SIGINT, as a background job of a script does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def last_of(server: ServerProcess, name: str) -> dict[str, tuple[float, str]]:
    rows = server.json("GET", f"/api/v1/series?match={name}")[1]["series"]
    return {row["series"]: (row["last"]["value"], row["unit"]) for row in rows}


# --- push ---


def test_push_sends_its_token_and_says_what_the_server_says() -> None:
    with ScriptedServer((503, {}), (202, {}), (401, {})).running() as server:
        done = run("push", "orders", "3", "--url", server.url, env={"DASHBOARD_TOKEN": "from-environment"})
        assert (done.returncode, done.stderr) == (0, "")
        done = run("push", "orders", "3", "--url", server.url, "--token", "given")
        assert done.returncode == 1
        assert "answered 401: as told" in done.stderr
    assert [r.authorization for r in server.received] == ["Bearer from-environment"] * 2 + ["Bearer given"]
    assert server.received[0].key == server.received[1].key
    assert "a token is printable" in run("push", "a", "1", "--token", "a b").stderr


# --- tail ---


def test_tail_prints_the_newest_values_then_what_comes(server: ServerProcess) -> None:
    for value in (1, 2):
        server.post("orders", value, labels={"shop": "a"}, unit="EUR")
    with start("tail", 'orders{shop="a"}', "--json", "--count", "2", "--url", server.url) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        server.post("orders", 3, labels={"shop": "a"})
        second = json.loads(process.stdout.readline())
        assert process.wait(scaled(10)) == 0
        assert process.stderr.read() == ""
    assert [(each["series"], each["value"], each["unit"]) for each in (first, second)] == [
        ('orders{shop="a"}', 2, "EUR"),
        ('orders{shop="a"}', 3, "EUR"),
    ]


def test_tail_goes_on_over_a_restart_and_says_so(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--no-host-feeder", "--no-server-feeder").start()
    try:
        server.post("orders", 1)
        with start("tail", "orders", "--count", "2", "--url", server.url) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().split()[1:] == ["orders", "1"]
            server.kill()
            server.start()
            server.post("orders", 2)
            assert process.stdout.readline().split()[1:] == ["orders", "2"]
            assert process.wait(scaled(10)) == 0
            assert "trying again" in process.stderr.read()
    finally:
        server.close()


def test_tail_ends_quietly_when_its_reader_is_gone(server: ServerProcess) -> None:
    server.post("orders", 1)
    with start("tail", "orders", "--json", "--url", server.url) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        server.post("orders", 2)
        process.wait(scaled(10))
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("arguments", "says"), [([], "either selectors or a board"), (["--board", "none"], "none"), (["{"], "selector")]
)
def test_tail_says_what_cannot_be_shown(server: ServerProcess, arguments: list[str], says: str) -> None:
    done = run("tail", *arguments, "--url", server.url)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def read_terminal(terminal: int) -> Iterator[str]:
    """Yield all that was drawn so far, after each new piece."""
    seen = ""
    while select.select([terminal], [], [], scaled(10))[0]:
        seen += os.read(terminal, 65_536).decode(errors="replace")
        yield seen


def test_tail_draws_a_table_on_a_terminal_and_ctrl_c_ends_it(server: ServerProcess) -> None:
    server.post("a", 1)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dashboard", "tail", "a", "b", "--url", server.url]
    with program(command, stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        drawn = read_terminal(ours)
        assert any("  a" in seen for seen in drawn)
        server.post("b", 2)
        assert any("\x1b[1F" in seen and "  b" in seen for seen in drawn)
        process.send_signal(signal.SIGINT)
        assert process.wait(scaled(10)) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
    os.close(ours)


# --- run ---


def test_run_passes_all_through_and_feeds_duration_and_exit_code(server: ServerProcess) -> None:
    script = "cat; echo out; echo err >&2; exit 3"
    process = subprocess.run(
        [sys.executable, "-m", "dashboard", "run", "--job", "backup", "--url", server.url, "--", "sh", "-c", script],
        input="in\n",
        capture_output=True,
        text=True,
        timeout=scaled(90),
    )
    assert (process.returncode, process.stdout, process.stderr) == (3, "in\nout\n", "err\n")
    assert last_of(server, "job_exit_code") == {'job_exit_code{job="backup"}': (3, "")}
    ((seconds, unit),) = last_of(server, "job_duration_seconds").values()
    assert unit == "s"
    assert 0 < seconds < 10


def test_a_job_is_called_as_its_command_where_nothing_else_is_said(server: ServerProcess) -> None:
    command = [sys.executable, "-m", "dashboard", "run", "--url", server.url, "--", "/bin/true"]
    assert subprocess.run(command, timeout=scaled(90)).returncode == 0
    assert last_of(server, "job_exit_code")['job_exit_code{job="true"}'] == (0, "")


def test_a_value_below_zero_can_be_pushed(server: ServerProcess) -> None:
    command = [sys.executable, "-m", "dashboard", "push", "below_zero", "-5.5", "--url", server.url]
    assert subprocess.run(command, timeout=scaled(90)).returncode == 0
    assert last_of(server, "below_zero") == {"below_zero": (-5.5, "")}


@pytest.mark.parametrize(
    ("command", "code"), [(["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137)]
)
def test_run_never_fails_a_job_because_the_server_is_away(command: list[str], code: int) -> None:
    done = run("run", "--job", "backup", *AWAY, "--", *command)
    assert done.returncode == code
    assert done.stderr.startswith("dashboard run: not fed: ")
    assert done.stderr.count("\n") == 1


def test_run_says_like_a_shell_what_cannot_be_run(server: ServerProcess, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    plain.chmod(stat.S_IRUSR)
    for command, code in (("/no/such/command", 127), (str(plain), 126)):
        assert run("run", "--job", "x", "--url", server.url, "--", command).returncode == code
        assert last_of(server, "job_exit_code") == {'job_exit_code{job="x"}': (code, "")}


def test_run_passes_a_signal_on_and_feeds_how_the_job_ended(server: ServerProcess) -> None:
    script = "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    with start("run", "--job", "x", "--url", server.url, "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "told\n"
        assert process.wait(scaled(10)) == 5
        assert process.stderr.read() == ""
    assert last_of(server, "job_exit_code") == {'job_exit_code{job="x"}': (5, "")}


# --- import ---


def ndjson(file: Path, count: int) -> Path:
    now = int(time.time() * 1000) - 10_000
    file.write_text("".join(f'{{"series":"old","value":{i},"t":{now + i}}}\n' for i in range(count)))
    return file


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path / "server", "--no-host-feeder", "--no-server-feeder").start()
    yield server
    server.close()


def test_import_sends_a_file_once_and_then_only_what_was_added(server: ServerProcess, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "old.ndjson", 2_500)
    arguments = ("import", str(file), "--url", server.url)
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2500 accepted, 0 refused" in done.stdout
    assert values_of(server, "old") == [*range(2_500)]
    assert "imported already" in run(*arguments).stdout
    with file.open("a") as more:
        more.write('{"series":"old","value":2500}\n')
    assert run(*arguments).returncode == 0
    assert values_of(server, "old") == [*range(2_501)]


def test_a_last_line_that_had_no_end_is_sent_again_when_it_has(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "growing.lp"
    file.write_text("grown_a f=1\ngrown_b f=1")
    assert run("import", str(file), "--url", server.url).returncode == 0
    assert "was imported already" in run("import", str(file), "--url", server.url).stdout
    (tmp_path / "none.csv").touch()
    assert "is empty" in run("import", str(tmp_path / "none.csv"), "--url", server.url).stdout
    with file.open("a") as more:
        more.write("3\ngrown_c f=1\n")
    assert run("import", str(file), "--url", server.url).returncode == 0
    assert [last_of(server, f"grown_{name}_f") for name in "abc"] == [
        {"grown_a_f": (1, "")},
        {"grown_b_f": (13, "")},
        {"grown_c_f": (1, "")},
    ]


def test_import_of_a_csv_names_the_lines_that_are_refused(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("series,value,shop\norders,1,a\norders,x,a\nbad name,2,a\norders,3,b\n")
    done = run("import", str(file), "--url", server.url)
    assert done.returncode == 1
    assert "2 accepted, 2 refused" in done.stdout
    assert f"{file}:3: 'x' is not a number" in done.stderr
    assert f"{file}:4: series: " in done.stderr
    assert {k: v for k, (v, _) in last_of(server, "orders").items()} == {'orders{shop="a"}': 1, 'orders{shop="b"}': 3}


def test_an_import_that_is_killed_goes_on_and_nothing_doubles(quiet: ServerProcess, tmp_path: Path) -> None:
    count = 8_000
    file = ndjson(tmp_path / "old.ndjson", count)
    arguments = ("import", str(file), "--batch", "50", "--url", quiet.url)
    for part in (1, 2):
        with start(*arguments) as process:
            wait_until(lambda n=part: len(values_of(quiet, "old")) > 400 * n, what="some of it")
            process.kill()
        assert state_file(file).exists()
    quiet.kill()
    with start(*arguments) as process:
        assert process.stderr is not None
        assert "trying again" in process.stderr.readline()
        quiet.start()
        assert process.wait(scaled(60)) == 0
    assert values_of(quiet, "old") == [*range(count)]


def test_an_answer_that_was_lost_is_asked_for_with_the_same_key_and_lines_even_when_the_file_grew(
    tmp_path: Path,
) -> None:
    file = ndjson(tmp_path / "old.ndjson", 3)
    server = ScriptedServer()
    server.hold.clear()
    with server.running():
        with start("import", str(file), "--url", server.url) as process:
            assert server.came.acquire(timeout=scaled(20))
            process.kill()
        with file.open("a") as more:
            more.write('{"series":"old","value":3}\n')
        server.hold.set()
        assert run("import", str(file), "--url", server.url).returncode == 0
    first, again, rest = server.received
    assert (first.key, first.samples) == (again.key, again.samples)
    assert rest.key != first.key
    assert [s["value"] for s in rest.samples] == [3]


def test_import_of_line_protocol_goes_as_it_is_in_pieces(tmp_path: Path) -> None:
    file = tmp_path / "old.lp"
    file.write_text("cpu,host=a load=1 1\n# a comment\ncpu,host=a load=2 2\n")
    with ScriptedServer((503, {}), (204, {}), (204, {}), (404, {})).running() as server:
        done = run("import", str(file), "--batch", "2", "--precision", "s", "--url", server.url)
        assert done.returncode == 0
        assert "2 accepted, 0 refused" in done.stdout
        refused = run("import", str(file), "--again", "--url", server.url)
    assert [r.path for r in server.received[:3]] == ["/write?precision=s"] * 3
    assert server.received[0][1:] == server.received[1][1:]
    assert server.received[1].body + server.received[2].body == file.read_bytes()
    assert refused.returncode == 1
    assert "does not take line protocol" in refused.stderr


def test_import_of_line_protocol_does_not_cut_a_text(tmp_path: Path) -> None:
    file = tmp_path / "old.lp"
    lines = [f"a v={n}\n" for n in range(9)]
    file.write_text("".join([*lines, 'x s="one\n', "two\n", 'three",v=99\n', *lines, 'y s="open\n', *lines]))
    with ScriptedServer(*[(204, {})] * 9).running() as server:
        done = run("import", str(file), "--batch", "10", "--url", server.url)
    assert "29 accepted, 0 refused" in done.stdout
    bodies = [received.body for received in server.received]
    assert b"".join(bodies) == file.read_bytes()
    assert [body.count(b"\n") for body in bodies] == [12, 10, 9]


def test_import_of_line_protocol_into_a_running_server(server: ServerProcess, tmp_path: Path) -> None:
    file, now = tmp_path / "old.lp", int(time.time()) - 3_000
    file.write_text("".join(f"old,host=a load={n} {now + n}\n" for n in range(2_500)))
    arguments = ("import", str(file), "--precision", "s", "--url", server.url)
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2500 accepted, 0 refused" in done.stdout
    with file.open("a") as more:
        more.write(f"# more\nold,host=a load=2500 {now + 2_500}\nbad\nold,host=a load=2501 {now + 2_501}\nworse\n")
    done = run(*arguments)
    assert done.returncode == 1
    assert "2502 accepted, 2 refused" in done.stdout
    assert f"{file}:2503: partial write: line 3: " in done.stderr
    assert last_of(server, "old_load")['old_load{host="a"}'][0] == 2_501


@pytest.mark.parametrize("begin", [None, ignore_interrupt], ids=["by itself", "in the background of a script"])
def test_ctrl_c_says_that_the_import_can_go_on(tmp_path: Path, begin: object) -> None:
    file = ndjson(tmp_path / "old.ndjson", 3)
    with start("import", str(file), "--url", "http://127.0.0.1:1", preexec_fn=begin) as process:
        assert process.stderr is not None
        assert "trying again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(scaled(10)) == 1
        assert "run the same command again to resume" in process.stderr.read()


def test_import_says_what_it_cannot_do(server: ServerProcess, tmp_path: Path) -> None:
    assert "write FILE.csv" in run("import", __file__).stderr
    empty = tmp_path / "x.csv"
    empty.write_text("a,b\n1,2\n")
    assert "the first line must name the columns" in run("import", str(empty), "--url", server.url).stderr
    file = ndjson(tmp_path / "old.ndjson", 3)
    assert run("import", str(file), "--url", server.url).returncode == 0
    assert "use --again to start from the beginning" in run("import", str(file), "--url", "http://127.0.0.1:1").stderr
    file.write_text('{"series":"other","value":1}\n')
    assert "is not the file" in run("import", str(file), "--url", server.url).stderr
    assert run("import", str(file), "--again", "--url", server.url).returncode == 0
    assert last_of(server, "other") == {"other": (1, "")}
