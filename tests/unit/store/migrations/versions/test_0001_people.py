from __future__ import annotations

from sqlalchemy import text

from tests.unit.store.migrations.migrated import in_schema, migrating, tables_in

TABLES = (
    "audit", "codes", "deliveries", "identities", "links", "messages", "participants", "reads", "revisions",
    "revoked_sessions", "rooms", "tokens", "tries", "users",
)  # fmt: skip


def test_the_tables_of_people_are_made_with_the_first_revision_and_dropped() -> None:
    with migrating("0001_people") as (migration, connection):
        migration.upgrade()
        assert tables_in(connection) == in_schema(*TABLES)
        assert connection.execute(text("SELECT value FROM revisions")).scalars().all() == [0]
        migration.downgrade()
        assert tables_in(connection) == {}
