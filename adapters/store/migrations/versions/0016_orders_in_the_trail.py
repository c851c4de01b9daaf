"""Orders that were sold before orders were facts get the fact `ordered` that they would have today."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

AT_ONCE = 1000
COVERED = (
    *("account", "iccid", "name", "batch", "kind", "target", "round", "token", "at", "event", "owner", "verdict"),
    *("state", "endpoint_id", "http_status", "code", "text", "response_id", "seconds"),
)
# A SIM is an order's when the order holds it, or when it was set aside for the order because it would not activate.
# `at` is when the SIM was first sent, so that of several the last one stays the order's.
WITHOUT = sa.text(
    """
    SELECT o.id AS operation_id, e.account, e.iccid, e.name, b.name AS batch, o.kind, o.target, o.round,
      coalesce((SELECT min(s.at) FROM attempts s WHERE s.operation_id = o.id AND s.event = 'sent'), r.created_at) AS at,
      r.order_no, r.tag, r."group" AS into_group
    FROM operations o JOIN endpoints e ON e.id = o.endpoint JOIN batches b ON b.id = e.batch_id
      JOIN orders r ON r.change_id = o.change_id AND (r.endpoint = e.id OR e.held_by = r.id)
    WHERE o.id > :after AND o.kind = 'activate' AND o.token > 0
      AND NOT EXISTS (SELECT 1 FROM attempts f WHERE f.operation_id = o.id AND f.event = 'ordered')
    ORDER BY o.id LIMIT :most
    """
)
ADD = sa.text(
    f"INSERT INTO attempts (operation_id, {', '.join(COVERED)}, hash) "
    f"VALUES (:operation_id, {', '.join(f':{name}' for name in COVERED)}, :hash)"
)


def upgrade() -> None:
    """Add the facts at the end of each account's chain, a thousand at a time."""
    connection = op.get_bind()
    ends = {row.account: (row.facts, row.head) for row in connection.execute(sa.text("SELECT * FROM chains"))}
    after = 0
    while found := connection.execute(WITHOUT, {"after": after, "most": AT_ONCE}).all():
        after = found[-1].operation_id
        connection.execute(ADD, _linked(found, ends))
    for account, (facts, head) in ends.items():
        values = {"account": account, "facts": facts, "head": head}
        connection.execute(
            sa.text("UPDATE chains SET facts = :facts, head = :head WHERE account = :account AND facts <> :facts"),
            values,
        )


def _linked(found: Sequence[Any], ends: dict[str, tuple[int, str]]) -> list[dict[str, Any]]:
    facts = []
    for row in found:
        fact = _fact(row)
        count, before = ends[row.account]
        words = json.dumps([before, *(fact[name] for name in COVERED)], ensure_ascii=False, separators=(",", ":"))
        fact["hash"] = hashlib.sha256(words.encode()).hexdigest()
        ends[row.account] = (count + 1, fact["hash"])
        facts.append(fact)
    return facts


def _fact(row: Any) -> dict[str, Any]:
    about = {name: getattr(row, name) for name in ("operation_id", *COVERED[:7], "at")}
    text = json.dumps({"order": row.order_no, "tag": row.tag, "group": row.into_group}, ensure_ascii=False)
    said = {"owner": "", "verdict": "", "code": "", "response_id": "", "endpoint_id": None}
    return (
        about | said | {"token": 1, "event": "ordered", "state": "sent", "http_status": 0, "text": text, "seconds": 0.0}
    )
