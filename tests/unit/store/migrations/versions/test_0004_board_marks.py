from __future__ import annotations

from importlib import import_module

from tests.unit.store.migrations.migrated import migrating, tables_in


def test_the_table_of_marks_goes_and_comes_back_as_it_was() -> None:
    migration = import_module("dashboard.store.migrations.versions.0004_board_marks")
    with migrating("0003_boards") as (before, connection):
        before.upgrade()
        made = tables_in(connection)
        migration.upgrade()
        assert made.keys() - tables_in(connection).keys() == {"board_marks"}
        migration.downgrade()
        assert tables_in(connection) == made
