"""What a query of orders asks of their endpoints as they are now, in SQL that every reader of the store can use.

`{order}` and `{endpoint}` are the names of the two tables in the query.
"""

from collections.abc import Mapping
from typing import Any

from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import OrderState
from domain.refund import RefundWith
from domain.standing import EndpointNow, standing

ENDING = (
    "(SELECT p.kind || ' ' || p.state FROM operations p WHERE p.endpoint = {order}.endpoint "
    "AND p.kind IN ('suspend', 'terminate') AND p.state IN ('sent', 'in_doubt', 'needs_human') "
    "ORDER BY p.id DESC LIMIT 1)"
)
# The latest event that a person has not seen to.
REPORTED = (
    "(SELECT i.type FROM inbox i WHERE i.account = {order}.account AND i.endpoint_id = {endpoint}.endpoint_id "
    "AND i.reports AND i.meaning = 'differs' ORDER BY i.at DESC LIMIT 1)"
)
CONTRADICTED = (
    "(SELECT c.text FROM operations c WHERE c.endpoint = {order}.endpoint AND c.kind = 'activate' "
    "AND c.state = 'needs_human' ORDER BY c.id DESC LIMIT 1)"
)
NOW: Mapping[str, str] = {"ending": ENDING, "reported": REPORTED, "contradicted": CONTRADICTED}


def standing_of(settled: OrderState, row: Mapping[str, Any]) -> tuple[OrderState, str]:
    """The state to tell of an order, and its words, from a row with the columns of `NOW` and those of its endpoint."""
    kind, _, state = (row["ending"] or "").partition(" ")
    now = EndpointNow(
        state=Lifecycle(row["endpoint_state"]) if row["endpoint_state"] else None,
        group=row["endpoint_group"] or "",
        ending=(Kind(kind), State(state)) if kind else None,
        reported=row["reported"] or "",
        contradicted=row["contradicted"] or "",
    )
    # An order whose SIM went back has no endpoint that could come into service again.
    return standing(settled, row["group"], now, kept=row["refund"] == RefundWith.NOTHING)
