"""The embedded store has a clock of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add its table; the first who asks for the time sets it by the machine's clock."""
    op.create_table(
        "clock",
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("offset", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("boot", name=op.f("pk_clock")),
    )
