"""The changes of a batch are found without looking at all changes, of which there is one for each order."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OF_A_BATCH = sa.text("batch_id IS NOT NULL")


def upgrade() -> None:
    """Index them; orders have no batch and pay nothing for it."""
    op.create_index(
        op.f("ix_changes_batch_id"),
        "changes",
        ["batch_id"],
        sqlite_where=_OF_A_BATCH,
        postgresql_where=_OF_A_BATCH,
    )
