"""Orders: what is asked for, the reservation, and a lane of their own in the account's rate.

No earlier version wrote the table `orders`, so it is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of orders anew, and add what reservations and the lane of sales need."""
    op.drop_table("orders")
    op.create_table(
        "orders",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("order_no", sa.String(length=100), nullable=False),
        sa.Column("tag", sa.String(length=100), server_default="", nullable=False),
        sa.Column("group", sa.String(length=100), server_default="", nullable=False),
        sa.Column("endpoint", KEY, nullable=True),
        sa.Column("change_id", KEY, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("run", sa.String(length=36), server_default="", nullable=False),
        sa.Column("reserved_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "state IN ('in_progress', 'done', 'no_stock', 'expired', 'needs_human')", name=op.f("ck_orders_state")
        ),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_orders_change_id")),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_orders_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("account", "order_no", name=op.f("uq_orders_account_order_no")),
    )
    op.create_index("uq_orders_endpoint", "orders", ["endpoint"], unique=True)
    op.create_index(op.f("ix_orders_account_created_at"), "orders", ["account", "created_at"])
    unfinished = sa.text("closed_at IS NULL")
    op.create_index("ix_orders_open", "orders", ["account"], sqlite_where=unfinished, postgresql_where=unfinished)
    op.add_column("endpoints", sa.Column("held_by", KEY, nullable=True))
    free = sa.text("state = 'pre_active' AND held_by IS NULL")
    op.create_index("ix_endpoints_free", "endpoints", ["account", "id"], sqlite_where=free, postgresql_where=free)
    op.add_column("workers", sa.Column("lane", sa.String(length=8), server_default="bulk", nullable=False))
    op.add_column("buckets", sa.Column("sold_at", sa.Float(), server_default="0", nullable=False))
    op.add_column("buckets", sa.Column("left", sa.Float(), server_default="0", nullable=False))
    op.add_column("buckets", sa.Column("holes", sa.Text(), server_default="", nullable=False))
