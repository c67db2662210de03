from __future__ import annotations

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from dashboard.store.migrate import config_for, upgrade
from dashboard.store.schema import metadata
from tests.unit.store.migrations.migrated import tables_in


def test_all_migrations_lead_to_the_schema_and_a_second_upgrade_changes_nothing() -> None:
    with create_engine("sqlite://").connect() as connection:
        upgrade(connection)
        made = tables_in(connection)
        newest = ScriptDirectory.from_config(config_for(connection)).get_current_head()
        assert made.keys() - {"alembic_version"} == metadata.tables.keys()
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest]
        upgrade(connection)
        assert tables_in(connection) == made
