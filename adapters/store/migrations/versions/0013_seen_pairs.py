"""When the platform last showed an endpoint with its SIM is known to every process."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was seen yet: what is sent next is looked at before."""
    op.add_column("endpoints", sa.Column("seen_at", sa.Float(), nullable=False, server_default="0"))
