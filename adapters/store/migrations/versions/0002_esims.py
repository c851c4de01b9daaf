"""eSIM data of endpoints: what a buyer needs to install a profile.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the store to this version."""
    op.create_table(
        "esims",
        sa.Column("endpoint", KEY, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("eid", sa.String(length=32), nullable=True),
        sa.Column("smdp_address", sa.String(length=255), nullable=True),
        sa.Column("matching_id", sa.String(length=255), nullable=True),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("needs_confirmation", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_esims_endpoint")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_esims_source_id")),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_esims")),
    )
    op.create_index(op.f("ix_esims_smdp_address_matching_id"), "esims", ["smdp_address", "matching_id"], unique=False)
