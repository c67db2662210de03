"""Compression of answers with gzip, for clients that accept it."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

from dashboard.web.server.style_sheets import joined, parts_of

_LEVEL = 6
#: Ends of the names of files that compression makes much shorter.
_TEXTS = (".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest")
#: Shorter files fit into one packet either way.
_MIN_BYTES = 1_000


class Compressed(NamedTuple):
    """Compressed content of a file, None if the file is better sent as it is; its ETag.

    ``parts``: the files it was made from. ``states``: theirs at that time, to notice a change.
    """

    parts: list[Path]
    states: list[tuple[int, int]]
    data: bytes | None
    etag: str


class CompressedFiles:
    """Files of a folder, each compressed when it is first asked for, and again when it or a part of it has changed."""

    def __init__(self) -> None:
        self._files: dict[str, Compressed] = {}

    async def get(self, path: str) -> Compressed | None:
        """Return the compressed content of a file; None if it is short or of a kind that compression does not make shorter.

        A style sheet contains what it imports. Raises OSError if the file cannot be read.
        """
        if not path.endswith(_TEXTS):
            return None
        known = self._files.get(path)
        if known is None or known.states != _states(known.parts):
            known = self._files[path] = await asyncio.get_running_loop().run_in_executor(None, _compress, path)
        return None if known.data is None else known


def _states(parts: list[Path]) -> list[tuple[int, int]]:
    """Return when each file was changed, and its size; zeros for a missing file."""
    found = []
    for part in parts:
        try:
            status = part.stat()
        except FileNotFoundError:
            found.append((0, 0))
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return found


def _compress(path: str) -> Compressed:
    file = Path(path)
    is_sheet = file.suffix == ".css"
    parts = parts_of(file) if is_sheet else [file]
    states = _states(parts)
    text = joined(parts) if is_sheet else file.read_bytes()
    if len(text) < _MIN_BYTES:
        return Compressed(parts, states, None, "")
    data = gzip.compress(text, _LEVEL, mtime=0)
    return Compressed(parts, states, data, f'"{hashlib.sha256(data).hexdigest()[:32]}-gzip"')


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the header ``Accept-Encoding`` allows gzip: named or by ``*``, and not with the weight 0."""
    weights: dict[str, bool] = {}
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
