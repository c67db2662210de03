"""Table of the boards that were ever private."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table ``private_boards``."""
    op.create_table(
        "private_boards",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_boards")),
    )


def downgrade() -> None:
    """Drop the table ``private_boards``."""
    op.drop_table("private_boards")
