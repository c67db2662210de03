"""The migration makes the table of the schema. Both databases are in tests/contract/test_store_migrations.py."""

from __future__ import annotations

from tests.unit.store.migrations.migrated import in_schema, migrating, tables_in


def test_the_table_of_marks_is_made_as_the_schema_says_and_dropped() -> None:
    with migrating("0005_board_marks") as (migration, connection):
        migration.upgrade()
        assert tables_in(connection) == in_schema("board_marks")
        migration.downgrade()
        assert tables_in(connection) == {}
