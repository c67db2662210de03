"""Tables of boards, of their versions, and of the operations on their drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables."""
    _add_boards()
    _add_history()


def _add_boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("draft_base", sa.String(length=64), nullable=False),
        sa.Column("draft_seq", sa.BigInteger(), nullable=False),
        sa.Column("draft_from", sa.BigInteger(), nullable=False),
        sa.Column("draft_by", sa.String(length=40), nullable=False),
        sa.Column("draft_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("moved_to", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
    )
    op.create_index(op.f("ix_boards_revision"), "boards", ["revision"])
    op.create_table(
        "board_marks",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("board_id", sa.String(length=100), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "board_id", name=op.f("pk_board_marks")),
    )


def _add_history() -> None:
    op.create_table(
        "board_versions",
        sa.Column("board_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_board_versions_board_id_boards")),
        sa.PrimaryKeyConstraint("board_id", "version", name=op.f("pk_board_versions")),
    )
    op.create_table(
        "board_operations",
        sa.Column("board_id", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["boards.id"], name=op.f("fk_board_operations_board_id_boards")),
        sa.PrimaryKeyConstraint("board_id", "seq", name=op.f("pk_board_operations")),
        sa.UniqueConstraint("board_id", "author", "key", name=op.f("uq_board_operations_board_id_author_key")),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("board_marks", "board_operations", "board_versions", "boards"):
        op.drop_table(table)
