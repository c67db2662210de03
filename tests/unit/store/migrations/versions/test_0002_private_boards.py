from __future__ import annotations

from tests.unit.store.migrations.migrated import in_schema, migrating, tables_in


def test_the_table_of_private_boards_is_made_and_dropped() -> None:
    with migrating("0002_private_boards") as (migration, connection):
        migration.upgrade()
        assert tables_in(connection) == in_schema("private_boards")
        migration.downgrade()
        assert tables_in(connection) == {}
