"""Which SIMs the shop may take: nothing but making and tagging them was ever asked of the platform."""

from sqlalchemy import Connection, text

from adapters.store.sharing import OF_ANOTHER

# An attempt that ended without an answer of the platform, in a plain no of our own: nothing left this program.
_LEFT_HERE = (
    "f.event IN ('sent', 'ordered') OR f.event = 'answer' AND f.http_status = 0 "
    "AND f.verdict IN ('refused', 'stopped', 'unreachable', 'group')"
)
# Of the endpoint `e` of :account. Whatever was once asked to change about it keeps it out of the shop's reach.
UNTOUCHED = (
    "NOT EXISTS (SELECT 1 FROM operations o WHERE o.endpoint = e.id AND o.kind NOT IN ('create', 'tag') "
    "AND (o.state <> 'refused' OR EXISTS ("
    f"SELECT 1 FROM attempts f WHERE f.operation_id = o.id AND NOT ({_LEFT_HERE})))) AND NOT {OF_ANOTHER}"
)


def free_untouched(connection: Connection, account: str) -> int:
    """Give back the SIMs that were set aside though nothing was ever sent for them, and return how many."""
    statement = text(
        "UPDATE endpoints SET held_by = NULL WHERE id IN ("
        "SELECT e.id FROM operations p JOIN endpoints e ON e.id = p.endpoint "
        "WHERE p.account = :account AND p.state = 'refused' AND p.kind = 'activate' "
        "AND e.state = 'pre_active' AND e.held_by IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM orders r WHERE r.endpoint = e.id) AND {UNTOUCHED})"
    )
    return connection.execute(statement, {"account": account}).rowcount
