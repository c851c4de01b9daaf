"""Groups pinned by id, the codes of SIMs that are still to be claimed, and the inbox of events."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "claim_codes",
        sa.Column("endpoint", KEY, nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_claim_codes_endpoint")),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_claim_codes")),
    )
    op.create_table(
        "pinned_groups",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("pinned_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_pinned_groups")),
    )
    op.create_table(
        "inbox",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=True),
        sa.Column("reports", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("meaning", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_account_endpoint_id_at"), "inbox", ["account", "endpoint_id", "at"], unique=False)
    op.create_index(op.f("ix_inbox_account_meaning"), "inbox", ["account", "meaning"], unique=False)
