"""Table of what users keep about boards: favourites, the home board, and the boards that they have seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table ``board_marks``."""
    op.create_table(
        "board_marks",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("board_id", sa.String(length=100), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_board_marks_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "board_id", name=op.f("pk_board_marks")),
    )


def downgrade() -> None:
    """Drop the table ``board_marks``."""
    op.drop_table("board_marks")
