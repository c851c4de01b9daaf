"""Orders that are cancelled or refunded, for ever, and the facts about them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "'in_progress', 'done', 'no_stock', 'expired', 'needs_human', 'cancelled', 'refunding', 'refunded'"
FOR_GOOD = (
    "OLD.state <> NEW.state AND (OLD.state IN ('cancelled', 'refunded') "
    "OR OLD.state = 'refunding' AND NEW.state <> 'refunded' "
    "OR OLD.state = 'done' AND NEW.state NOT IN ('refunding', 'refunded'))"
)
WORDS = "an order that was sold, cancelled or refunded does not go back"
ONLY_ADDED = "these rows are only ever added"
UNFINISHED = "closed_at IS NULL"


def upgrade() -> None:
    """Add the states and the facts, and guard both."""
    embedded = op.get_bind().dialect.name == "sqlite"
    if embedded:
        op.drop_index("ix_orders_open", "orders")  # made again below: a copy of the table would lose its condition
    with op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("refund", sa.String(length=16), server_default="", nullable=False))
        table.drop_constraint(op.f("ck_orders_state"), type_="check")
        table.create_check_constraint(op.f("ck_orders_state"), f"state IN ({STATES})")
    if embedded:
        op.create_index("ix_orders_open", "orders", ["account"], sqlite_where=sa.text(UNFINISHED))
    _facts()
    _guard(embedded=embedded)


def _facts() -> None:
    texts = (("tag", 100), ("group", 100), ("iccid", 22), ("refund", 16), ("owner", 64))
    op.create_table(
        "order_facts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("order_no", sa.String(length=100), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in texts),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("event IN ('cancelled', 'refunding', 'refunded')", name=op.f("ck_order_facts_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_facts")),
    )
    op.create_index(op.f("ix_order_facts_account_at"), "order_facts", ["account", "at"])


def _guard(*, embedded: bool) -> None:
    head = "CREATE TRIGGER orders_for_good BEFORE UPDATE OF state ON orders FOR EACH ROW"
    if embedded:
        op.execute(f"{head} WHEN {FOR_GOOD} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END")
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER order_facts_no_{event.lower()} BEFORE {event} ON order_facts "
                f"BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION orders_for_good() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {FOR_GOOD} THEN RAISE check_violation USING MESSAGE = '{WORDS}'; END IF; RETURN NEW; END $$"
    )
    op.execute(f"{head} EXECUTE FUNCTION orders_for_good()")
    op.execute(
        "CREATE TRIGGER order_facts_only_added BEFORE UPDATE OR DELETE ON order_facts "
        "FOR EACH ROW EXECUTE FUNCTION only_added()"
    )
