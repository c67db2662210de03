from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.unit.store.migrations.migrated import in_schema, migrating, tables_in


def test_the_tables_of_boards_are_made_and_dropped() -> None:
    with migrating("0003_boards") as (migration, connection):
        migration.upgrade()
        made = tables_in(connection)
        assert "board_marks" in made
        assert {name: made[name] for name in made if name != "board_marks"} == in_schema(
            "boards", "board_operations", "board_versions"
        )
        migration.downgrade()
        assert tables_in(connection) == {}


def test_a_key_of_an_author_is_stored_once_a_board() -> None:
    insertion = text(
        "INSERT INTO board_operations (board_id, seq, author, name, key, t_ms, changes, undoes, again) "
        "VALUES ('wall', :seq, :author, '', 'k', 0, '[]', 0, FALSE)"
    )
    with migrating("0003_boards") as (migration, connection):
        migration.upgrade()
        connection.execute(insertion, [{"seq": 1, "author": "ann"}, {"seq": 2, "author": "bob"}])
        with pytest.raises(IntegrityError):
            connection.execute(insertion, {"seq": 3, "author": "ann"})
