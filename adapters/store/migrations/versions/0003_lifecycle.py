"""An endpoint may be suspended more than once, and the database itself guards the life cycle."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNDER_WAY = "kind IN ('activate', 'suspend', 'resume', 'terminate') AND state IN ('planned', 'sent', 'in_doubt')"

# Which state of an operation may follow which.
FOLLOWS = (
    ("planned", "sent"),
    ("planned", "confirmed"),
    ("planned", "refused"),
    ("planned", "needs_human"),
    ("sent", "planned"),
    ("sent", "confirmed"),
    ("sent", "refused"),
    ("sent", "in_doubt"),
    ("sent", "needs_human"),
    ("in_doubt", "planned"),
    ("in_doubt", "confirmed"),
    ("in_doubt", "needs_human"),
    ("needs_human", "planned"),
    ("needs_human", "confirmed"),
    ("needs_human", "refused"),
    ("refused", "planned"),
    ("confirmed", "needs_human"),
)
# Which change may be sent to an endpoint in which state, on any platform.
SENDABLE = (
    ("create", "stock"),
    ("tag", "pre_active"),
    ("tag", "active"),
    ("tag", "suspended"),
    ("activate", "pre_active"),
    ("assign", "pre_active"),
    ("assign", "active"),
    ("suspend", "active"),
    ("resume", "suspended"),
    ("terminate", "pre_active"),
    ("terminate", "active"),
    ("terminate", "suspended"),
)


def _listed(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"'{first} {second}'" for first, second in pairs)


# Name, table, columns, when it is wrong, and in which words.
GUARDS = (
    (
        "operations_follow",
        "operations",
        "state",
        f"OLD.state <> NEW.state AND OLD.state || ' ' || NEW.state NOT IN ({_listed(FOLLOWS)})",
        "an operation may not go from this state to that one",
    ),
    (
        "operations_sendable",
        "operations",
        "state",
        "NEW.state = 'sent' AND OLD.state <> 'sent' AND NOT EXISTS (SELECT 1 FROM endpoints e "
        f"WHERE e.id = NEW.endpoint AND NEW.kind || ' ' || e.state IN ({_listed(SENDABLE)}))",
        "the life cycle does not allow this change to be sent",
    ),
    (
        "endpoints_for_good",
        "endpoints",
        "state, endpoint_id",
        "(OLD.state = 'terminated' AND NEW.state <> 'terminated') OR (OLD.state <> 'stock' AND NEW.state = 'stock') "
        "OR (OLD.endpoint_id IS NOT NULL AND coalesce(NEW.endpoint_id, '') <> OLD.endpoint_id)",
        "a terminated endpoint stays so, nothing returns to stock, and a mapping is never changed",
    ),
)


def upgrade() -> None:
    """Count the rounds of a change, allow one change of state at a time, and add the guards."""
    with op.batch_alter_table("operations") as table:
        table.add_column(sa.Column("round", sa.Integer(), server_default="0", nullable=False))
        table.drop_constraint(op.f("uq_operations_endpoint_kind_target"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_operations_endpoint_kind_target_round"), ["endpoint", "kind", "target", "round"]
        )
    under_way = sa.text(UNDER_WAY)
    op.create_index(
        "uq_operations_under_way",
        "operations",
        ["endpoint"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )
    embedded = op.get_bind().dialect.name == "sqlite"
    for name, table_name, columns, wrong, words in GUARDS:
        head = f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table_name} FOR EACH ROW "
        if embedded:
            op.execute(f"{head} WHEN {wrong} BEGIN SELECT RAISE(ABORT, '{words}'); END")
            continue
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {wrong} THEN RAISE check_violation USING MESSAGE = '{words}'; END IF; RETURN NEW; END $$"
        )
        op.execute(f"{head} EXECUTE FUNCTION {name}()")
