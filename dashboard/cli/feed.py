"""The commands that feed a running server: ``push`` sends one value, ``run`` runs a job and sends its duration and exit code."""

from __future__ import annotations

import math
import signal
import subprocess
import time
from pathlib import Path

import click

from dashboard.cli.options import OneShot, label_pairs, with_labels, with_server

_wait = click.option(
    "--wait", "wait_s", default=5.0, metavar="SECONDS", help="how long to retry while the server does not answer  [5]"
)


@click.command(context_settings={"ignore_unknown_options": True})  # so that -5 is a value
@click.argument("series")
@click.argument("value", type=float)
@with_labels
@click.option("--unit", default="", help="unit of the value, for example B/s, %, ms")
@click.option("--every", "every_s", type=float, default=0, metavar="SECONDS", help="expected time between two values")
@click.option("--at", "t_ms", type=int, metavar="MS", help="time of the value, in ms since 1970  [now]")
@_wait
@with_server
def push(
    series: str,
    value: float,
    labels: tuple[str, ...],
    unit: str,
    every_s: float,
    t_ms: int | None,
    wait_s: float,
    url: str,
    token: str | None,
) -> None:
    """Send one VALUE of SERIES to a running server: dashboard push orders 3 --label shop=a"""
    pairs = label_pairs(series.partition("{")[0], labels)
    if not math.isfinite(value):
        raise click.ClickException(f"{value} is not a finite number")
    sending = OneShot(url, token)
    sending.client.push(series, value, labels=pairs, unit=unit, every_s=every_s, t_ms=t_ms)
    if wrong := sending.close(wait_s):
        raise click.ClickException(wrong)


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--job", metavar="NAME", help="value of the label job of both series  [the command's name]")
@with_labels
@click.option("--every", "every_s", type=float, default=0, metavar="SECONDS", help="expected time between two runs")
@_wait
@with_server
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    job: str | None,
    labels: tuple[str, ...],
    every_s: float,
    wait_s: float,
    url: str,
    token: str | None,
    command: tuple[str, ...],
) -> None:
    """Run a COMMAND and feed job_duration_seconds and job_exit_code: dashboard run --job backup -- backup.sh /home

    The command keeps its input and output, and its exit code is returned. If the server does not answer, a line on stderr says so, and
    the exit code stays the command's.
    """
    pairs = label_pairs("job_exit_code", (*labels, f"job={job or Path(command[0]).name}"))
    began = time.monotonic()
    code = _run(command)
    sending = OneShot(url, token)
    took_s = time.monotonic() - began
    sending.client.push("job_duration_seconds", took_s, labels=pairs, unit="s", every_s=every_s)
    sending.client.push("job_exit_code", code, labels=pairs, every_s=every_s)
    if wrong := sending.close(wait_s):
        click.echo(f"dashboard run: not fed: {wrong}", err=True)
    raise SystemExit(code)


def _run(command: tuple[str, ...]) -> int:
    """Run the command and return its exit code as a shell does: 126 or 127 if it cannot be run, 128 + n after signal n.

    Signals from the terminal reach the job directly. This process passes all other signals on to the job, and waits for its end.
    """
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # signals that came before the process was started

    def pass_on(number: int, _frame: object) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda _number, _frame: None)
    try:
        process = subprocess.Popen(command)  # noqa: S603 - running the given command is the purpose
    except FileNotFoundError:
        click.echo(f"dashboard run: {command[0]}: not found", err=True)
        return 127
    except OSError as error:
        click.echo(f"dashboard run: {command[0]}: {error.strerror}", err=True)
        return 126
    for missed in early:
        process.send_signal(missed)
    code = process.wait()
    return 128 - code if code < 0 else code
