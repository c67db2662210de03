"""Blocking access to the two SQLite files of the ``sqlite`` engine, each used by one thread at a time.

Owns the schema and the SQL.  Knows nothing of the event loop.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dashboard.data_folder.folder import private_database
from dashboard.domain.errors import Unavailable
from dashboard.domain.position import Position
from dashboard.journal.port import Checkpoint, Entry

JOURNAL_FILE = "journal.sqlite3"
CHECKPOINT_FILE = "checkpoint.sqlite3"
_TRIM_ROWS = 5_000
_PAGE_BYTES = 16_384

_JOURNAL_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (partition TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    partition TEXT NOT NULL, seq INTEGER NOT NULL, t_ms INTEGER NOT NULL, request_id TEXT, payload BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_seq ON entries (partition, seq);
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_request ON entries (partition, request_id) WHERE request_id IS NOT NULL;
"""
_CHECKPOINT_SCHEMA = """
CREATE TABLE IF NOT EXISTS positions (partition TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (partition TEXT NOT NULL, key TEXT NOT NULL, blob BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS records_by_key ON records (partition, key);
"""


def _connect(path: Path, timeout_s: float, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        private_database(path), timeout=timeout_s, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # entries are tens of kilobytes: fewer, larger pages
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    return connection


def begin_epoch(journal: Path, checkpoint: Path, epoch: str) -> None:
    """Give files restored from a backup a new epoch; raises sqlite3.Error.

    Screens that connect again learn of the gap.  Checkpoints of the journal's old epoch stay valid in the new epoch.
    """
    if not journal.exists():
        return
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        (before,) = db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        db.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (epoch,))
    if checkpoint.exists():
        with closing(sqlite3.connect(checkpoint, isolation_level=None)) as db:
            db.execute("UPDATE positions SET epoch = ? WHERE epoch = ?", (epoch, before))


class JournalFile:
    """``journal.sqlite3``: the entries, and the number of each partition's newest entry (its head)."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._db: sqlite3.Connection
        self._read_db: sqlite3.Connection

    def open(self, new_epoch: str) -> tuple[str, dict[str, int], int]:
        """Open or create the file; return its epoch (``new_epoch`` for a new file), each partition's head, and the size of all payloads."""
        self._db = _connect(self._path, self._timeout_s, "FULL")
        self._db.executescript(_JOURNAL_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", (new_epoch,))
        (epoch,) = self._db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        heads = dict(self._db.execute("SELECT partition, seq FROM heads"))
        (size,) = self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM entries").fetchone()
        self._read_db = _connect(self._path, self._timeout_s, "FULL")
        return epoch, heads, size

    def close(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    def close_reader(self) -> None:
        if hasattr(self, "_read_db"):
            self._read_db.close()

    def append(self, rows: list[tuple[str, str, bytes]], heads: dict[str, int], t_ms: int) -> list[int | Unavailable]:
        """Store (partition, request id, payload) rows in one transaction; return the seq of each row.

        A row with a repeated request id is not stored again; its seq is that of the earlier row.

        An invalid row (an id that is not text, too many bytes) gets an error in its place.
        """
        heads = dict(heads)
        seqs: list[int | Unavailable] = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for partition, request_id, payload in rows:
                try:
                    seq = self._insert(partition, heads[partition] + 1, t_ms, request_id, payload)
                except (ValueError, OverflowError, sqlite3.DataError) as error:
                    seqs.append(Unavailable(f"the journal cannot store this: {error}"))
                    continue
                seqs.append(seq)
                heads[partition] = max(heads[partition], seq)
            self._db.executemany("INSERT OR REPLACE INTO heads VALUES (?, ?)", heads.items())
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return seqs

    def _insert(self, partition: str, seq: int, t_ms: int, request_id: str, payload: bytes) -> int:
        """Store one entry as ``seq``, or find the entry with the same request id; return its number."""
        if request_id and (known := self._known(partition, request_id)):
            return known
        row = (partition, seq, t_ms, request_id or None, payload)
        self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
        return seq

    def _known(self, partition: str, request_id: str) -> int:
        found = self._db.execute(
            "SELECT seq FROM entries WHERE partition = ? AND request_id = ?", (partition, request_id)
        ).fetchone()
        return found[0] if found else 0

    def trim(self, horizon_ms: int, excess_bytes: int) -> tuple[int, bool]:
        """Delete the oldest rows: those before ``horizon_ms``, and further rows up to ``excess_bytes``.

        Returns the bytes freed, and whether there may be more to delete. Does not wait if another process has locked the file.
        """
        freed, more = 0, False
        cuts: list[tuple[str, int]] = []
        for (partition,) in self._db.execute("SELECT partition FROM heads").fetchall():
            cut = 0
            oldest = self._db.execute(
                "SELECT seq, t_ms, length(payload) FROM entries WHERE partition = ? ORDER BY seq LIMIT ?",
                (partition, _TRIM_ROWS),
            )
            rows = 0
            for rows, (seq, t_ms, length) in enumerate(oldest, 1):  # noqa: B007 - the last number is used below
                if t_ms >= horizon_ms and freed >= excess_bytes:
                    break
                cut = seq
                freed += length
            else:
                more = more or rows == _TRIM_ROWS
            oldest.close()
            if cut:
                cuts.append((partition, cut))
        if cuts:
            self._delete(cuts)
        return freed, more

    def _delete(self, cuts: list[tuple[str, int]]) -> None:
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM entries WHERE partition = ? AND seq <= ?", cuts)
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.execute(f"PRAGMA busy_timeout = {int(1000 * self._timeout_s)}")

    def read(self, partition: str, after_seq: int, limit: int) -> list[Entry]:
        """Return up to ``limit`` entries after ``after_seq``, in order."""
        rows = self._read_db.execute(
            "SELECT seq, t_ms, payload FROM entries WHERE partition = ? AND seq > ? ORDER BY seq LIMIT ?",
            (partition, after_seq, limit),
        )
        return [Entry(*row) for row in rows]

    def oldest_seq(self, partition: str, default: int) -> int:
        """Return the seq of the oldest entry kept, ``default`` when there is none."""
        (seq,) = self._read_db.execute("SELECT min(seq) FROM entries WHERE partition = ?", (partition,)).fetchone()
        return default if seq is None else int(seq)


class CheckpointFile:
    """``checkpoint.sqlite3``: the replica's state, a record for each series or document.

    Without this file, only the entries in the journal are left.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._db: sqlite3.Connection

    def open(self) -> bool:
        """Open or create the file; if the file is damaged, put it aside, create a new one and return True."""
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._path.replace(self._path.with_suffix(".damaged"))
            self._open()
            return True
        return False

    def _open(self) -> None:
        self._db = _connect(self._path, self._timeout_s, "NORMAL")
        self._db.executescript(_CHECKPOINT_SCHEMA)

    def close(self) -> None:
        if hasattr(self, "_db"):
            self._db.close()

    def begin(self, partition: str, position: Position, whole: bool) -> None:
        self.rollback()  # if an earlier rollback failed
        self._db.execute("BEGIN IMMEDIATE")
        if whole:
            self._db.execute("DELETE FROM records WHERE partition = ?", (partition,))
        self._db.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", (partition, *position))

    def put(self, partition: str, records: list[tuple[str, bytes | None]]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?)",
            [(partition, k, b) for k, b in records if b is not None],
        )
        self._db.executemany(
            "DELETE FROM records WHERE partition = ? AND key = ?", [(partition, k) for k, b in records if b is None]
        )

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back an open transaction; does nothing after a commit."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def position(self, partition: str) -> Position | None:
        found = self._db.execute("SELECT epoch, seq FROM positions WHERE partition = ?", (partition,)).fetchone()
        return Position(*found) if found else None

    def load(self, partition: str) -> Checkpoint | None:
        position = self.position(partition)
        if position is None:
            return None
        rows = self._db.execute("SELECT key, blob FROM records WHERE partition = ?", (partition,))
        return Checkpoint(position, dict(rows))
