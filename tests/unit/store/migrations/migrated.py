"""A migration on an empty database in memory, and its tables beside those of the schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, inspect

from dashboard.store.schema import metadata


@contextmanager
def migrating(name: str) -> Iterator[tuple[ModuleType, Connection]]:
    """Open an empty database; return the migration, whose functions work on it."""
    migration = import_module(f"dashboard.store.migrations.versions.{name}")
    with create_engine("sqlite://").connect() as connection, Operations.context(MigrationContext.configure(connection)):
        yield migration, connection


def tables_in(connection: Connection) -> dict[str, list[tuple[str, bool]]]:
    """Return name and nullability of the columns of each table."""
    found = inspect(connection)
    return {
        table: [(each["name"], each["nullable"]) for each in found.get_columns(table)]
        for table in found.get_table_names()
    }


def in_schema(*tables: str) -> dict[str, list[tuple[str, bool]]]:
    """Return the same of tables of the schema."""
    return {table: [(each.name, bool(each.nullable)) for each in metadata.tables[table].columns] for table in tables}
