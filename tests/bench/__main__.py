"""Command ``scripts/bench [--list] [--short] [NAME …]``: measures, prints a table and a line of JSON for each figure.
Exit code 1: a bar is missed."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.bench import (
    boards,
    expressions,
    fanout,
    holding,
    listening,
    matching,
    memory,
    parsing,
    recordings,
    rooms,
    spreading,
    still,
    taking,
)
from tests.bench.figure import BENCHES, SHORT_SLACK, Row, as_json, table
from tests.bench.processes import LOAD_CORE, SERVER_CORE, Bench, raise_file_limit

_MODULES = (
    fanout,
    still,
    taking,
    parsing,
    recordings,
    listening,
    matching,
    memory,
    holding,
    spreading,
    expressions,
    rooms,
    boards,
)


def main() -> int:
    """Run the named benches, or all."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benches; none: all")
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--short", action="store_true", help=f"less of each; bars give way by {SHORT_SLACK} x")
    options = parser.parse_args()
    if options.list:
        for name, measure in BENCHES.items():
            print(f"{name:<13} {(measure.__doc__ or '').strip()}")
        return 0
    if unknown := [name for name in options.names if name not in BENCHES]:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    raise_file_limit()
    os.sched_setaffinity(0, {LOAD_CORE})
    slack = SHORT_SLACK if options.short else 1.0
    began, rows, failed = time.monotonic(), list[tuple[str, Row]](), list[str]()
    for name in options.names or BENCHES:
        print(f"{name} …", end="", file=sys.stderr, flush=True)
        started = time.monotonic()
        some: list[Row] = []
        with Bench(short=options.short) as bench:
            try:
                some = list(BENCHES[name](bench))
            except (RuntimeError, TimeoutError, OSError) as error:
                failed.append(f"{name}: {error}\n{bench.logs()}")
        print(f" {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        for row in some:
            print(as_json(name, row, slack), flush=True)
        rows += [(name, row) for row in some]
    print()
    print("\n".join([*table(rows, slack), *(f"NOT MEASURED: {reason}" for reason in failed)]))
    missed = sum(not bar.met(slack) for _, row in rows for bar in row.bars)
    took_s = time.monotonic() - began
    print(f"\n{missed} bars missed; {took_s:.0f} s; server on core {SERVER_CORE}, load on core {LOAD_CORE}")
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main())
