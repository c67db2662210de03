"""Command of the checks: compare the figures with their ceilings, print them all, or list the places of one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scripts.checks.ceilings import read_ceilings
from scripts.checks.report import excesses, figures, room, table

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Run the command; return 1 if a figure is above its ceiling."""
    parser = argparse.ArgumentParser(prog="scripts/check", description=__doc__)
    parser.add_argument("--figures", action="store_true", help="print every figure and its ceiling")
    parser.add_argument("--list", metavar="FIGURE", help="print every place that a figure counts")
    chosen = parser.parse_args(arguments)
    ceilings = read_ceilings()
    found = figures(ROOT, ceilings)
    if chosen.list:
        if chosen.list not in found:
            parser.error(f"{chosen.list} is none of {', '.join(found)}")
        print(*found[chosen.list].places, sep="\n")
        return 0
    if chosen.figures:
        print(*table(found, ceilings.figures), sep="\n")
    if "unclear_commit_subjects" not in found:
        print(f"commit subjects: not checked, the history since {ceilings.base_commit} is not here")
    print(*room(found, ceilings.figures), sep="\n", end="\n" if any(room(found, ceilings.figures)) else "")
    faults = list(excesses(found, ceilings.figures))
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
