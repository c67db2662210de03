"""How far an import has come, in a file beside the one imported, so that it can go on and nothing doubles.

Each request takes the lines from ``offset`` to ``end`` (bytes of the file) and has a key of its own.  Both are written
before it is sent and ``offset`` moves when it is answered, so one whose answer was lost is sent again with the same
lines and the same key, which the server stores once (while it remembers the key: 15 minutes by default).
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

_HEAD_BYTES = 4096


class StateError(Exception):
    """The state is not one of this import; the text says the cure."""


@dataclass(slots=True)
class State:
    """``offset``: all before it is settled; ``end``: of the request under way, 0 when there is none; ``line``: at offset, from 0."""

    url: str
    key: str
    head: str  # what the file begins with: "length:sha256"
    offset: int = 0
    end: int = 0
    line: int = 0
    accepted: int = 0
    refused: int = 0
    unended: int = 0  # so long was the last line before offset, when it had no end yet

    @property
    def request_key(self) -> str:
        """The Idempotency-Key of the request under way."""
        return f"{self.key}-{self.offset}-{self.end}"


def state_file(file: Path) -> Path:
    """Where the state of a file's import is."""
    return file.with_name(f"{file.name}.import-state")


def load(file: Path, url: str) -> State:
    """The state of this file's import to this server, or a new one. Raises StateError, OSError."""
    where = state_file(file)
    try:
        state = State(**json.loads(where.read_bytes()))
    except FileNotFoundError:
        return State(url, uuid.uuid4().hex, _head(file, _HEAD_BYTES))
    except (ValueError, TypeError):
        raise StateError(f"{where} is damaged; --again begins anew") from None
    if state.url != url:
        raise StateError(f"{file} was being imported into {state.url}; --again begins anew")
    if _head(file, int(state.head.partition(":")[0])) != state.head or file.stat().st_size < state.offset:
        raise StateError(f"{file} is not the file that was being imported; --again begins anew")
    return state


def save(file: Path, state: State) -> None:
    """Whole or not at all."""
    where = state_file(file)
    new = where.with_name(where.name + ".new")
    with new.open("w") as stream:
        json.dump(asdict(state), stream)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(where)


def _head(file: Path, length: int) -> str:
    with file.open("rb") as stream:
        data = stream.read(length)
    return f"{len(data)}:{hashlib.sha256(data).hexdigest()}"
