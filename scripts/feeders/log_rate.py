#!/usr/bin/env python3
"""The lines of a growing log, as a rate: follows a file like ``tail -F`` (over rotation), counts, and feeds lines a second.

    python3 log_rate.py /var/log/nginx/access.log nginx_requests --label 'status=" (\\d)\\d\\d "'

``--label NAME=REGEX`` counts by the regex's first group; lines that do not match are not counted.  Standard library only.  A
rate that cannot be sent is left out: its time is over.  DASHBOARD_URL and DASHBOARD_TOKEN say where to.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import BinaryIO


class Tail:
    """Reader of a file's new lines, beginning at its end. The file may be replaced, emptied, or missing at first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rest = b""
        self.stream: BinaryIO | None = None
        self._open()
        if self.stream is not None:
            self.stream.seek(0, os.SEEK_END)

    def lines(self) -> list[bytes]:
        """Return the whole lines since the last call; after a replacement, the remaining lines of the old file first."""
        found = self._read()
        if self._replaced():
            self._open()
            found += self._read()
        return found

    def _read(self) -> list[bytes]:
        if self.stream is None:
            return []
        *whole, self.rest = (self.rest + self.stream.read()).split(b"\n")
        return whole

    def _replaced(self) -> bool:
        try:
            now = self.path.stat()
        except OSError:
            return False
        if self.stream is None:
            return True
        ours = os.fstat(self.stream.fileno())
        return (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino) or now.st_size < self.stream.tell()

    def _open(self) -> None:
        if self.stream is not None:
            self.stream.close()
        self.rest = b""
        try:
            self.stream = self.path.open("rb")
        except OSError:
            self.stream = None


def send(url: str, samples: list[dict]) -> None:
    headers = {"Content-Type": "application/json"}
    if token := os.environ.get("DASHBOARD_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{url.rstrip('/')}/api/v1/samples", json.dumps(samples).encode(), headers)
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("series")
    parser.add_argument("--label", metavar="NAME=REGEX")
    parser.add_argument("--every", type=float, default=5, help="seconds between two values")
    parser.add_argument("--count", type=int, default=0, help="stop after so many values; 0: never")
    parser.add_argument("--url", default=os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8888"))
    options = parser.parse_args()
    name, _, pattern = (options.label or "").partition("=")
    regex = re.compile(pattern.encode())
    tail = Tail(options.file)
    seen: Counter[str] = Counter()  # keeps its keys: a rate goes down to 0
    print("following", options.file, flush=True)
    due, beats = time.monotonic(), 0
    while not options.count or beats < options.count:
        due += options.every
        time.sleep(max(0.0, due - time.monotonic()))
        for key in seen:
            seen[key] = 0
        for line in tail.lines():
            if found := regex.search(line):
                seen[found[1].decode("utf-8", "replace") if name else ""] += 1
        samples = [
            {"series": options.series, "value": n / options.every, "unit": "/s", "every_s": options.every}
            | ({"labels": {name: key}} if name else {})
            for key, n in (seen or {"": 0} if not name else seen).items()
        ]
        if samples:
            send(options.url, samples)
        beats += 1


if __name__ == "__main__":
    main()
