"""What a run was let through, and the facts about approvers, which are never changed or deleted."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHAIN = "~approvers"
ONLY_ADDED = ("approver_facts", "approval_answers", "grants")
_WORDS = "these rows are only ever added"


def upgrade() -> None:
    """Let through what is planned already, begin the facts with the approvers there are, and guard them."""
    op.add_column("changes", sa.Column("allowed", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE changes SET allowed = size")
    op.create_table(
        "grants",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run", sa.String(length=36), nullable=False),
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("endpoints", sa.Integer(), nullable=False),
        sa.Column("approval_id", KEY, nullable=True),
        sa.Column("os_user", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_grants_approval_id")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_grants_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_grants_approval_id")),
    )
    op.create_index(op.f("ix_grants_run"), "grants", ["run"], unique=False)
    op.create_table(
        "approver_facts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("os_user", sa.String(length=64), nullable=False),
        sa.Column("approval_id", KEY, nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_approver_facts_approval_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approver_facts")),
    )
    _begin()
    for table in ONLY_ADDED:
        _guard(table)


def _begin() -> None:
    connection = op.get_bind()
    head, facts = "", []
    for row in connection.execute(sa.text("SELECT name, added_at, added_by FROM approvers ORDER BY added_at, name")):
        words = json.dumps(
            [head, row.added_at, "added", row.name, row.added_by, None, ""], ensure_ascii=False, separators=(",", ":")
        )
        head = hashlib.sha256(words.encode()).hexdigest()
        facts.append({"at": row.added_at, "name": row.name, "os_user": row.added_by, "hash": head})
    if facts:
        connection.execute(
            sa.text(
                "INSERT INTO approver_facts (at, event, name, os_user, text, hash) "
                "VALUES (:at, 'added', :name, :os_user, '', :hash)"
            ),
            facts,
        )
        connection.execute(
            sa.text("INSERT INTO chains (account, length, head) VALUES (:chain, :length, :head)"),
            {"chain": CHAIN, "length": len(facts), "head": head},
        )


def _guard(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
            )
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE check_violation USING MESSAGE = '{_WORDS}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION only_added()"
    )
