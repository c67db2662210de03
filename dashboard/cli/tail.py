"""The command ``tail``: live values in the terminal."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator

import click

from dashboard.cli.options import heed_interrupt, with_server
from dashboard.client import Client, FollowError, Point, Update


@click.command()
@click.argument("selectors", nargs=-1)
@click.option("--board", default="", metavar="ID", help="show the series of a board instead of selectors")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object per line")
@click.option("--count", type=int, default=0, metavar="N", help="end after N values")
@click.option("--rate", "rate_hz", type=float, default=10, metavar="HZ", help="most updates per second  [10]")
@with_server
def tail(
    selectors: tuple[str, ...], board: str, as_json: bool, count: int, rate_hz: float, url: str, token: str | None
) -> None:
    """Show the values of series or expressions as they arrive: dashboard tail 'cpu{host="web-1"}' 'sum by (shop) (rate(orders_total[1m]))'

    Prints a table of the latest values on a terminal; elsewhere, and with --json or --count, one line per value. The output begins
    with the newest value of each series. Gaps and lost connections are reported on stderr.
    """
    heed_interrupt()
    plain = as_json or count or not sys.stdout.isatty()
    with Client(
        url, token, on_trouble=lambda trouble: click.echo(f"{url}: {trouble}; trying again", err=True)
    ) as client:
        try:
            updates = client.follow(selectors, board=board, rate_hz=rate_hz)
            if plain:
                _print_lines(updates, as_json=as_json, count=count)
            else:
                _draw_tables(updates)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        except FollowError as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            return


def _news(update: Update) -> list[Point]:
    """Return the points of an update to print.

    A snapshot gives only the newest point of each series, because the older points were printed before.
    """
    if not update.snapshot:
        return list(update.points)
    return list({point.series: point for point in update.points}.values())


def _print_lines(updates: Iterator[Update], *, as_json: bool, count: int) -> None:
    printed = 0
    for update in updates:
        if update.gap:
            click.echo(f"gap: {update.gap}", err=True)
        _say_faults(update)
        for point in _news(update):
            print(_json_line(point) if as_json else _line(point))
            printed += 1
            if printed == count:
                sys.stdout.flush()
                return
        sys.stdout.flush()


def _say_faults(update: Update) -> None:
    """Report expressions that have no values or whose inputs are old."""
    for document in update.documents:
        if document.key.startswith("expr:") and isinstance(document.body, dict):
            for text in (document.body.get("fault"), document.body.get("note")):
                if text:
                    click.echo(_printable(str(text)), err=True)


def _json_line(point: Point) -> str:
    said = {"series": point.series, "t": point.t_ms, "value": point.value}
    return json.dumps(said | ({"unit": point.unit} if point.unit else {}))


def _line(point: Point) -> str:
    moment = time.strftime("%H:%M:%S", time.localtime(point.t_ms / 1000))
    return _printable(f"{moment}  {point.series}  {_number(point)}")


def _number(point: Point) -> str:
    return f"{point.value:.6g} {point.unit}".rstrip()


def _printable(text: str) -> str:
    """Return the text without control characters, so that no feeder can control the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _draw_tables(updates: Iterator[Update]) -> None:
    """Draw the latest values, sorted, over the previous table; at most as many rows as the screen has."""
    latest: dict[str, Point] = {}
    drawn = 0
    for update in updates:
        if update.snapshot:
            latest.clear()
        for point in update.points:
            latest[point.series] = point
        for series in update.gone:
            latest.pop(series, None)
        size = shutil.get_terminal_size()
        rows = table(latest, size.columns, size.lines - 1)
        back = f"\x1b[{drawn}F" if drawn else ""
        sys.stdout.write(back + "\x1b[J" + "".join(f"{row}\n" for row in rows))
        sys.stdout.flush()
        drawn = len(rows)


def table(latest: dict[str, Point], columns: int, lines: int) -> list[str]:
    """Return rows with time, value and series that fit into the terminal; if not all fit, the last row says how many are missing."""
    chosen = [latest[series] for series in sorted(latest)]
    rows = []
    for point in chosen:
        moment = time.strftime("%H:%M:%S", time.localtime(point.t_ms / 1000))
        rows.append(_printable(f"{moment}  {_number(point):>16}  {point.series}")[:columns])
    if len(rows) > lines:
        rows[max(lines - 1, 0) :] = [f"… and {len(rows) - lines + 1} more"]
    return rows
