"""Progress of an import, in a file beside the imported one, so that an import can resume without storing anything twice.

Each request has the lines from ``offset`` to ``end`` (bytes of the file) and its own key.  Both are saved before the request is sent,
and ``offset`` moves when the response arrives.  So a request whose answer was lost is sent again with the same lines and key, which
the server stores only once (while it remembers the key: 15 minutes by default).
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
    """Error for a progress file that belongs to another import or cannot be read; its text says what to do."""


@dataclass(slots=True)
class State:
    """Progress in bytes of the file: everything before ``offset`` is done, ``end`` is the end of the request under way (0: none).

    ``line``: the number of the line at ``offset``, from 0.
    """

    url: str
    key: str
    head: str  # hash of the beginning of the file: "length:sha256"
    offset: int = 0
    end: int = 0
    line: int = 0
    accepted: int = 0
    refused: int = 0
    unended: int = 0  # length of the last line before offset, if it had no line break yet

    @property
    def request_key(self) -> str:
        """The Idempotency-Key of the request under way."""
        return f"{self.key}-{self.offset}-{self.end}"


def state_file(file: Path) -> Path:
    """Return the path of the file with the progress of an import."""
    return file.with_name(f"{file.name}.import-state")


def load(file: Path, url: str) -> State:
    """Return the state of this file's import to this server, or a new state. Raises StateError, OSError."""
    where = state_file(file)
    try:
        state = State(**json.loads(where.read_bytes()))
    except FileNotFoundError:
        return State(url, uuid.uuid4().hex, _head(file, _HEAD_BYTES))
    except (ValueError, TypeError):
        raise StateError(f"{where} is damaged; use --again to start from the beginning") from None
    if state.url != url:
        raise StateError(f"the import of {file} was begun at {state.url}; use --again to start from the beginning")
    if _head(file, int(state.head.partition(":")[0])) != state.head or file.stat().st_size < state.offset:
        raise StateError(f"{file} is not the file of this import; use --again to start from the beginning")
    return state


def save(file: Path, state: State) -> None:
    """Write the state atomically."""
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
