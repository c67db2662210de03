"""The command ``import``: sends a file of old values to a running server, and resumes after an interruption."""

from __future__ import annotations

import io
import random
import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import click

from dashboard.cli import import_state
from dashboard.cli.import_formats import Body, csv_header, read_csv, read_ndjson
from dashboard.cli.import_state import State, StateError
from dashboard.cli.options import heed_interrupt, with_server
from dashboard.client.address import Address, authorization
from dashboard.client.backoff import Backoff, asked_wait_s
from dashboard.client.blocking import exchange
from dashboard.client.http import HttpAnswer, encode_request, reason_of
from dashboard.ingest.line_protocol import MAX_LINES_OF_A_TEXT, closes_a_text, ends_in_a_text, lines_of

_TIMEOUT_S = 60.0
_SHOWN_REFUSALS = 20
_PARTIAL_LINE = re.compile(r": line (\d+): ")
_PARTIAL_DROPPED = re.compile(r"dropped=(\d+)$")


def _to_its_end(stream: BinaryIO) -> list[bytes]:
    """Read the remaining lines of a quoted string that contains line breaks; return an empty list if the string does not end."""
    began, lines = stream.tell(), list[bytes]()
    for line in islice(stream, MAX_LINES_OF_A_TEXT):
        lines.append(line)
        if closes_a_text(line):
            return lines
    stream.seek(began)
    return []


class Import:
    """Import of one file into one server. ``run`` raises click's errors, and saves its progress in a file after each request."""

    def __init__(self, file: Path, state: State, *, token: str | None, batch: int, precision: str) -> None:
        self._file = file
        self.state = state
        self._address = Address.of(state.url)
        self._headers = authorization(token)
        self._batch = batch
        self._precision = precision
        self._kind = file.suffix.lower()
        self._columns: list[str] = []
        self._shown = 0

    def run(self) -> Iterator[int]:
        """Send the file; yield after each request how many bytes of the file are done."""
        with self._file.open("rb") as stream:
            if self._kind == ".csv":
                self._read_header(stream)
            stream.seek(self.state.offset)
            while lines := self._next(stream):
                self.state.end = self.state.offset + sum(map(len, lines))
                import_state.save(self._file, self.state)
                self._send(lines)
                taken = self.state.end - self.state.offset
                self.state.offset, self.state.end = self.state.end, 0
                self.state.line += len(lines)
                self.state.unended = 0 if lines[-1].endswith(b"\n") else len(lines[-1])
                import_state.save(self._file, self.state)
                yield taken

    def _read_header(self, stream: BinaryIO) -> None:
        first = stream.readline()
        try:
            self._columns = csv_header(first)
        except ValueError as error:
            raise click.ClickException(f"{self._file}: {error}") from None
        if not self.state.offset:
            self.state.offset, self.state.line = len(first), 1

    def _next(self, stream: BinaryIO) -> list[bytes]:
        """Return the lines of the next request; after an interruption these are the lines of the interrupted request."""
        state = self.state
        if not state.end:
            if state.unended and self._file.stat().st_size > state.offset:
                state.offset -= state.unended  # the last line has grown since, so it is sent again
                state.line -= 1
                state.unended = 0
                stream.seek(state.offset)
            wide = len(self._columns) if "series" not in self._columns else 0
            lines = list(islice(stream, max(1, self._batch // max(1, wide))))
            if self._kind == ".lp" and ends_in_a_text(lines):
                lines += _to_its_end(stream)
            return lines
        return io.BytesIO(stream.read(state.end - state.offset)).readlines()

    def _send(self, lines: list[bytes]) -> None:
        if self._kind == ".lp":
            self._send_line_protocol(lines)
            return
        first = self.state.line + 1
        body = read_csv(lines, first, self._columns) if self._kind == ".csv" else read_ndjson(lines, first)
        for number, reason in body.refused:
            self._refuse(number, reason)
        if body.samples:
            self._take(body, self._exchange("/api/v1/samples", body.encode()))

    def _take(self, body: Body, answer: HttpAnswer) -> None:
        said = answer.said
        refused = said.get("refused")
        if answer.status != 202 and not (answer.status == 400 and isinstance(refused, list)):
            self._fail(answer)
        for each in refused or ():
            self._refuse(body.lines[each["index"]], f"{each['field']}: {each['reason']}")
        accepted = int(said.get("accepted", 0))
        self.state.accepted += accepted
        self.state.refused += len(body.samples) - accepted - len(refused or ())  # those not listed

    def _send_line_protocol(self, lines: list[bytes]) -> None:
        answer = self._exchange(f"/write?precision={self._precision}", b"".join(lines))
        count = sum(not line.lstrip().startswith(b"#") for _, line in lines_of(b"".join(lines)))
        if answer.status == 404:
            raise click.ClickException(f"{self.state.url} does not take line protocol")
        if answer.status == 400 and "partial write" in answer.reason:
            self._count_partial(str(answer.said["error"]), count)
        elif answer.status != 204:
            self._fail(answer)
        else:
            self.state.accepted += count

    def _count_partial(self, said: str, count: int) -> None:
        """Count the lines of a request of which only some were stored.

        ``said``: the server's answer, with the first refused line and the number of refused lines. ``count``: lines of the request.
        """
        line, dropped = _PARTIAL_LINE.search(said), _PARTIAL_DROPPED.search(said)
        self._refuse(self.state.line + (int(line[1]) if line else 1), said)
        refused = min(count, int(dropped[1]) if dropped else 1)
        self.state.refused += refused - 1
        self.state.accepted += count - refused

    def _fail(self, answer: HttpAnswer) -> None:
        """Fail the import. Nothing of the request was stored, so the next run may divide the lines differently."""
        self.state.end = 0
        import_state.save(self._file, self.state)
        cure = "; try a smaller --batch" if answer.status == 413 else ""
        raise click.ClickException(f"{self.state.url} {answer.reason}{cure}")

    def _refuse(self, line: int, reason: str) -> None:
        self.state.refused += 1
        self._shown += 1
        if self._shown <= _SHOWN_REFUSALS:
            click.echo(f"{self._file}:{line}: {reason}", err=True)
        if self._shown == _SHOWN_REFUSALS:
            click.echo("further refused lines are counted, not shown", err=True)

    def _exchange(self, path: str, body: bytes) -> HttpAnswer:
        """Send a request; repeat it as long as no answer comes or the answer asks for a later retry."""
        headers = {**self._headers, "Idempotency-Key": self.state.request_key}
        request = encode_request("POST", self._address, path, headers, body)
        backoff = Backoff(random.random)
        while True:
            asked_s = 0.0
            try:
                answer = exchange(self._address, request, _TIMEOUT_S)
                if answer.status not in (408, 425, 429) and answer.status < 500:
                    return answer
                trouble = answer.reason
                asked_s = asked_wait_s(answer.headers.get("retry-after"), time.time())
            except OSError as error:
                trouble = reason_of(error)
            click.echo(f"{self.state.url}: {trouble}; trying again", err=True)
            time.sleep(backoff.next_s(asked_s))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--batch", type=click.IntRange(1, 1000), default=1000, help="lines per request  [1000]")
@click.option(
    "--precision",
    type=click.Choice(["n", "ns", "u", "us", "ms", "s", "m", "h"]),
    default="ns",
    help="unit of the times in .lp files  [ns]",
)
@click.option("--again", is_flag=True, help="start from the beginning, also if lines were imported before")
@with_server
def import_file(file: Path, again: bool, url: str, token: str | None, batch: int, precision: str) -> None:
    """Send the values of a FILE (.csv, .ndjson, .lp) to a running server.

    After an interruption the same command resumes; FILE.import-state holds the progress.

    A CSV file has a header, either series,value[,t][,unit][,every_s] and labels, or a time (t in ms; time or timestamp in ISO 8601
    or seconds) and one column per series.
    """
    heed_interrupt()
    if file.suffix.lower() not in (".csv", ".ndjson", ".lp"):
        raise click.BadParameter("write FILE.csv, FILE.ndjson or FILE.lp", param_hint="FILE")
    if again:
        import_state.state_file(file).unlink(missing_ok=True)
    try:
        state = import_state.load(file, url)
        importing = Import(file, state, token=token, batch=batch, precision=precision)
        length = file.stat().st_size
        if not length:
            click.echo(f"{file} is empty")
            return
        if state.offset == length:
            click.echo(f"{file} was imported already; use --again to import it again")
            return
        with click.progressbar(length=length, label=file.name) as bar:
            bar.update(state.offset)
            for taken in importing.run():
                bar.update(taken)
    except StateError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or file}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; run the same command again to resume") from None
    click.echo(f"{state.accepted} accepted, {state.refused} refused")
    if state.refused:
        raise SystemExit(1)
