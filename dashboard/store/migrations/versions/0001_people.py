"""First version of the tables: users, tokens, rooms, messages, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    _create_audit()
    _create_codes()
    _create_deliveries()
    _create_links()
    _create_revisions()
    _create_revoked_sessions()
    _create_rooms()
    _create_tokens()
    _create_tries()
    _create_users()
    _create_identities()
    _create_messages()
    _create_participants()
    _create_reads()
    op.execute("INSERT INTO revisions (id, value) VALUES (1, 0)")


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("reads")
    op.drop_table("participants")
    op.drop_index("ix_messages_t_ms", table_name="messages")
    op.drop_index("ix_messages_room_id_changed_seq", table_name="messages")
    op.drop_table("messages")
    op.drop_table("identities")
    op.drop_index(op.f("ix_users_revision"), table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_tries_t_ms"), table_name="tries")
    op.drop_table("tries")
    op.drop_index(op.f("ix_tokens_revision"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_index(op.f("ix_rooms_revision"), table_name="rooms")
    op.drop_index(op.f("ix_rooms_changed_ms"), table_name="rooms")
    op.drop_table("rooms")
    op.drop_index(op.f("ix_revoked_sessions_revision"), table_name="revoked_sessions")
    op.drop_index(op.f("ix_revoked_sessions_expires_ms"), table_name="revoked_sessions")
    op.drop_table("revoked_sessions")
    op.drop_table("revisions")
    op.drop_index(op.f("ix_links_revision"), table_name="links")
    op.drop_table("links")
    op.drop_index(op.f("ix_deliveries_next_ms"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_table("codes")
    op.drop_index(op.f("ix_audit_t_ms"), table_name="audit")
    op.drop_table("audit")


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_t_ms"), "audit", ["t_ms"], unique=False)


def _create_codes() -> None:
    op.create_table(
        "codes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_codes")),
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_next_ms"), "deliveries", ["next_ms"], unique=False)


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("board", sa.String(length=100), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_revision"), "links", ["revision"], unique=False)


def _create_revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )


def _create_revoked_sessions() -> None:
    op.create_table(
        "revoked_sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revoked_sessions")),
    )
    op.create_index(op.f("ix_revoked_sessions_expires_ms"), "revoked_sessions", ["expires_ms"], unique=False)
    op.create_index(op.f("ix_revoked_sessions_revision"), "revoked_sessions", ["revision"], unique=False)


def _create_rooms() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("trimmed_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
    )
    op.create_index(op.f("ix_rooms_changed_ms"), "rooms", ["changed_ms"], unique=False)
    op.create_index(op.f("ix_rooms_revision"), "rooms", ["revision"], unique=False)


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("verbs", sa.Text(), nullable=False),
        sa.Column("prefixes", sa.Text(), nullable=False),
        sa.Column("per_s", sa.Integer(), nullable=False),
        sa.Column("max_series", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_index(op.f("ix_tokens_revision"), "tokens", ["revision"], unique=False)


def _create_tries() -> None:
    op.create_table(
        "tries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    op.create_index(op.f("ix_tries_t_ms"), "tries", ["t_ms"], unique=False)


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kept_session", sa.String(length=40), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_login_ms", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(op.f("ix_users_revision"), "users", ["revision"], unique=False)


def _create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id_users")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("room_id", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=True),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("edited_ms", sa.BigInteger(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_messages_room_id_rooms")),
        sa.PrimaryKeyConstraint("room_id", "seq", name=op.f("pk_messages")),
        sa.UniqueConstraint("room_id", "author", "key", name=op.f("uq_messages_room_id_author_key")),
    )
    op.create_index("ix_messages_room_id_changed_seq", "messages", ["room_id", "changed_seq"], unique=True)
    op.create_index("ix_messages_t_ms", "messages", ["t_ms"], unique=False)


def _create_participants() -> None:
    op.create_table(
        "participants",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("room_id", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_participants_room_id_rooms")),
        sa.PrimaryKeyConstraint("user_id", "room_id", name=op.f("pk_participants")),
    )


def _create_reads() -> None:
    op.create_table(
        "reads",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("room_id", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_reads_room_id_rooms")),
        sa.PrimaryKeyConstraint("user_id", "room_id", name=op.f("pk_reads")),
    )
