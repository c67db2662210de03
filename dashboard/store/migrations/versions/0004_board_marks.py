"""Removal of the table of what users keep about boards: nothing used it, because browsers keep the favourites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Drop the table ``board_marks``."""
    op.drop_table("board_marks")


def downgrade() -> None:
    """Add the table ``board_marks`` without rows."""
    op.create_table(
        "board_marks",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("board_id", sa.String(length=100), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "board_id", name=op.f("pk_board_marks")),
    )
