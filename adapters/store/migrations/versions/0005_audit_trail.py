"""Facts say what they are about and what they decided, and are bound to each other."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LENGTHS = {"account": 64, "iccid": 22, "name": 100, "batch": 100, "kind": 16, "target": 100, "state": 16, "hash": 64}
COVERED = (
    *("account", "iccid", "name", "batch", "kind", "target", "round", "token", "at", "event", "owner", "verdict"),
    *("state", "endpoint_id", "http_status", "code", "text", "response_id", "seconds"),
)
_OF_OPERATION = "FROM operations o JOIN endpoints e ON e.id = o.endpoint JOIN batches b ON b.id = e.batch_id"


def upgrade() -> None:
    """Add what a fact is about, fill it in for the facts there are, and bind them."""
    op.create_table(
        "chains",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("length", KEY, nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_chains")),
    )
    for name, length in LENGTHS.items():
        op.add_column("attempts", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("attempts", sa.Column("round", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_attempts_account_id"), "attempts", ["account", "id"], unique=False)
    _describe()
    _bind()


def _describe() -> None:
    for name, source in {
        "account": "o.account",
        "iccid": "e.iccid",
        "name": "e.name",
        "batch": "b.name",
        "kind": "o.kind",
        "target": "o.target",
        "round": "o.round",
    }.items():
        op.execute(f"UPDATE attempts SET {name} = (SELECT {source} {_OF_OPERATION} WHERE o.id = attempts.operation_id)")
    op.execute(
        "UPDATE attempts SET state = CASE "
        "WHEN event = 'sent' THEN 'sent' WHEN event = 'orphaned' THEN 'in_doubt' "
        "WHEN event = 'differs' OR verdict = 'contradiction' THEN 'needs_human' "
        "WHEN event IN ('seen', 'person') THEN verdict "
        "WHEN verdict IN ('done', 'present') THEN 'confirmed' WHEN verdict = 'refused' THEN 'refused' "
        "WHEN event = 'lookup' OR verdict = 'unknown' THEN 'in_doubt' ELSE 'planned' END"
    )
    # What a look-up decided was not written down; the last one led to where the operation is now.
    op.execute(
        "UPDATE attempts SET state = (SELECT o.state FROM operations o WHERE o.id = attempts.operation_id) "
        "WHERE event = 'lookup' AND id IN (SELECT max(id) FROM attempts GROUP BY operation_id)"
    )


def _bind() -> None:
    connection = op.get_bind()
    heads: dict[str, tuple[int, str]] = {}
    links = []
    for row in connection.execute(sa.text(f"SELECT id, {', '.join(COVERED)} FROM attempts ORDER BY id")).mappings():
        length, before = heads.get(row["account"], (0, ""))
        words = json.dumps([before, *(row[name] for name in COVERED)], ensure_ascii=False, separators=(",", ":"))
        head = hashlib.sha256(words.encode()).hexdigest()
        heads[row["account"]] = (length + 1, head)
        links.append({"fact": row["id"], "link": head})
    if links:
        connection.execute(sa.text("UPDATE attempts SET hash = :link WHERE id = :fact"), links)
        connection.execute(
            sa.text("INSERT INTO chains (account, length, head) VALUES (:account, :length, :head)"),
            [{"account": account, "length": length, "head": head} for account, (length, head) in heads.items()],
        )
