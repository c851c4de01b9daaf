"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table of the first version."""
    op.create_table(
        "batches",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("account", "name", name=op.f("uq_batches_account_name")),
    )
    op.create_table(
        "buckets",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.Float(), nullable=False),
        sa.Column("factor", sa.Float(), nullable=False),
        sa.Column("factor_at", sa.Float(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_buckets")),
    )
    op.create_table(
        "stops",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_stops")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("heartbeat_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "changes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=300), nullable=False),
        sa.Column("batch_id", KEY, nullable=True),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelled_at", sa.Float(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_changes_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.UniqueConstraint("account", "request", name=op.f("uq_changes_account_request")),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("iccid", sa.String(length=22), nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("network_state", sa.String(length=16), server_default="unknown", nullable=False),
        sa.Column("group", sa.String(length=100), nullable=True),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "endpoint_id IS NOT NULL OR state IN ('stock', 'terminated')", name=op.f("ck_endpoints_mapped")
        ),
        sa.CheckConstraint(
            "state IN ('stock', 'pre_active', 'active', 'suspended', 'terminated')", name=op.f("ck_endpoints_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_endpoints_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("account", "endpoint_id", name=op.f("uq_endpoints_account_endpoint_id")),
        sa.UniqueConstraint("account", "iccid", name=op.f("uq_endpoints_account_iccid")),
    )
    op.create_index(op.f("ix_endpoints_account_state"), "endpoints", ["account", "state"], unique=False)
    op.create_index(op.f("ix_endpoints_batch_id"), "endpoints", ["batch_id"], unique=False)
    op.create_table(
        "sources",
        sa.Column("id", KEY, nullable=False),
        sa.Column("batch_id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows_digest", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("blank", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.CheckConstraint("rows = accepted + rejected + duplicates + blank", name=op.f("ck_sources_sum")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_sources_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_account_digest"), "sources", ["account", "digest"], unique=False)
    op.create_index(op.f("ix_sources_account_rows_digest"), "sources", ["account", "rows_digest"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("endpoint", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=100), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("token", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=True),
        sa.Column("next_at", sa.Float(), server_default="0", nullable=False),
        sa.Column("safe_after", sa.Float(), server_default="0", nullable=False),
        sa.Column("lookups", sa.Integer(), server_default="0", nullable=False),
        sa.Column("negatives", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("already", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('create', 'tag', 'activate', 'assign', 'suspend', 'resume', 'terminate')",
            name=op.f("ck_operations_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'sent', 'confirmed', 'refused', 'in_doubt', 'needs_human')",
            name=op.f("ck_operations_state"),
        ),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_operations_change_id")),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_operations_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("endpoint", "kind", "target", name=op.f("uq_operations_endpoint_kind_target")),
    )
    op.create_index(op.f("ix_operations_account_state"), "operations", ["account", "state"], unique=False)
    op.create_index(
        op.f("ix_operations_change_id_state_position"), "operations", ["change_id", "state", "position"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("order_no", sa.String(length=100), nullable=False),
        sa.Column("endpoint", KEY, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_orders_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("account", "order_no", name=op.f("uq_orders_account_order_no")),
    )
    op.create_index("uq_orders_endpoint", "orders", ["endpoint"], unique=True)
    op.create_table(
        "rejects",
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("original", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_rejects_source_id")),
        sa.PrimaryKeyConstraint("source_id", "row_no", name=op.f("pk_rejects")),
    )
    op.create_table(
        "rows",
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("endpoint", KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_rows_endpoint")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_rows_source_id")),
        sa.PrimaryKeyConstraint("source_id", "row_no", name=op.f("pk_rows")),
    )
    op.create_index(op.f("ix_rows_endpoint"), "rows", ["endpoint"], unique=False)
    op.create_table(
        "tags",
        sa.Column("endpoint", KEY, nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoints.id"], name=op.f("fk_tags_endpoint")),
        sa.PrimaryKeyConstraint("endpoint", "tag", name=op.f("pk_tags")),
    )
    op.create_index(op.f("ix_tags_tag_endpoint"), "tags", ["tag", "endpoint"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("operation_id", KEY, nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=36), server_default="", nullable=False),
        sa.Column("verdict", sa.String(length=16), server_default="", nullable=False),
        sa.Column("endpoint_id", sa.String(length=64), nullable=True),
        sa.Column("http_status", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("response_id", sa.String(length=100), server_default="", nullable=False),
        sa.Column("seconds", sa.Float(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_attempts_operation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_operation_id"), "attempts", ["operation_id"], unique=False)
