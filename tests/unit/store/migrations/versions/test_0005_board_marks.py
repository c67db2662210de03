"""The migration makes the table of the schema. Both databases are in tests/contract/test_store_migrations.py."""

from __future__ import annotations

from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect

from dashboard.store.schema import board_marks


def test_the_table_of_marks_is_made_as_the_schema_says_and_dropped() -> None:
    migration = import_module("dashboard.store.migrations.versions.0005_board_marks")
    with create_engine("sqlite://").connect() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()
        columns = inspect(connection).get_columns("board_marks")
        assert [(each["name"], each["nullable"]) for each in columns] == [
            (each.name, each.nullable) for each in board_marks.columns
        ]
        migration.downgrade()
        assert inspect(connection).get_table_names() == []
