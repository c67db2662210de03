"""Compression of answers with gzip, for clients that accept it."""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from typing import NamedTuple

_LEVEL = 6
#: Ends of the names of files that compression makes much shorter.
_TEXTS = (".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest")
#: Shorter files fit into one packet either way.
_MIN_BYTES = 1_000


class _Compressed(NamedTuple):
    """Compressed content. ``changed_ns`` and ``size`` are those of the file when it was compressed, to notice a change."""

    changed_ns: int
    size: int
    data: bytes


class CompressedFiles:
    """Files of a folder, each compressed when it is first asked for, and again when it has changed."""

    def __init__(self) -> None:
        self._files: dict[str, _Compressed] = {}

    async def get(self, path: str) -> bytes | None:
        """Return the compressed content of a file; None if it is short or of a kind that compression does not make shorter.

        Raises OSError if the file cannot be read.
        """
        if not path.endswith(_TEXTS):
            return None
        status = os.stat(path)
        if status.st_size < _MIN_BYTES:
            return None
        known = self._files.get(path)
        if known is None or (known.changed_ns, known.size) != (status.st_mtime_ns, status.st_size):
            data = await asyncio.get_running_loop().run_in_executor(None, _compress, path)
            known = self._files[path] = _Compressed(status.st_mtime_ns, status.st_size, data)
        return known.data


def _compress(path: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), _LEVEL, mtime=0)


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the header ``Accept-Encoding`` allows gzip: named or by ``*``, and not with the weight 0."""
    weights: dict[str, bool] = {}
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
