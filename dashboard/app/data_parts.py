"""Table of the files in the data folder: which a backup contains, and which it leaves out.

Every file in the data folder needs a row here; tests/faults/test_backup.py fails on a file without a row.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from dashboard.accounts.credentials import SECRET_FILE, check_secret
from dashboard.data_folder.archive import DataPart
from dashboard.data_folder.folder import INVENTORY_FILE, LOCK_FILE, STATUS_FILE
from dashboard.journal.sqlite_file import CHECKPOINT_FILE, JOURNAL_FILE, begin_epoch
from dashboard.settings import Settings
from dashboard.store.database import PEOPLE_FILE
from dashboard.store.put_back import forget_positions

#: In the order in which they are taken, see ``data_folder/backup.py``.
PARTS = (
    DataPart(CHECKPOINT_FILE, "the history of the series"),
    DataPart(JOURNAL_FILE, "the newest samples, documents and events"),
    DataPart(PEOPLE_FILE, "users, tokens, rooms, messages, the audit log"),
    DataPart(SECRET_FILE, "the key that signs sessions and links", database=False),
)
#: Files that say something of a running server only, or of the folder itself.
LEFT_OUT = (LOCK_FILE, INVENTORY_FILE, STATUS_FILE)


def renew(folder: Path) -> None:
    """Give the restored journal and checkpoint a new epoch.

    Screens may have seen entries that are newer than the backup, so each screen must learn of the gap. Raises
    sqlite3.Error, and ConfigurationError when the secret file is not valid.
    """
    if (folder / SECRET_FILE).exists():
        check_secret(folder / SECRET_FILE)
    begin_epoch(folder / JOURNAL_FILE, folder / CHECKPOINT_FILE, secrets.token_hex(8))
    if (folder / PEOPLE_FILE).exists():
        forget_positions(folder / PEOPLE_FILE)


def not_covered(settings: Settings) -> list[str]:
    """List the data that this server stores outside the data folder, each with the way to back it up."""
    found = []
    if settings.redis:
        found.append("samples, documents, events and the history are in Redis: back its own files up (BGSAVE)")
    elif settings.journal == "memory":
        found.append("samples, documents, events and the history are in memory only (journal = memory)")
    if settings.store.startswith("sqlite"):
        found.append(f"users and messages are in {settings.store}: sqlite3 FILE '.backup COPY'")
    elif settings.store:
        found.append("users and messages are in PostgreSQL: pg_dump")
    if settings.secret:
        found.append("the secret is a setting: keep it with the settings")
    return found
