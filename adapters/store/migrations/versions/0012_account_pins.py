"""What accounts and groups stand for is pinned; the accounts and groups there are get their pins at their next use."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with none: what the settings meant when older endpoints were made, nobody wrote down."""
    op.create_table(
        "group_targets",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("pinned_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_group_targets")),
    )
    op.create_table(
        "account_pins",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), server_default="", nullable=False),
        sa.Column("credential", sa.String(length=64), server_default="", nullable=False),
        sa.Column("pinned_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_pins")),
    )
    op.create_table(
        "former_names",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("renamed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_former_names")),
    )
