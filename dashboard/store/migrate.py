"""Migration of the tables with Alembic, inside the caller's transaction; if several processes start, only one migrates."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
#: Number of the advisory lock that a migrating process holds; arbitrary.
_LOCK = 7_201_991


def config_for(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Upgrade the tables to the newest version."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    command.upgrade(config_for(connection), "head")
