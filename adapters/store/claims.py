"""The activation codes of SIMs that are still to be claimed: secrets, kept no longer than needed."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from adapters.store.tables import claim_codes, endpoints
from domain.lifecycle import Lifecycle

_AT_ONCE = 500


def keep_codes(connection: Connection, account: str, codes: Mapping[str, str]) -> None:
    """Keep the codes of those ICCIDs that are known and not on the account yet; a later file's code replaces."""
    e = endpoints.c
    listed = list(codes)
    for first in range(0, len(listed), _AT_ONCE):
        query = select(e.id, e.iccid).where(
            e.account == account, e.state == Lifecycle.STOCK.value, e.iccid.in_(listed[first : first + _AT_ONCE])
        )
        found = [{"endpoint": row.id, "code": codes[row.iccid]} for row in connection.execute(query)]
        if found:
            forget(connection, [row["endpoint"] for row in found])
            connection.execute(insert(claim_codes), found)


def codes_of(connection: Connection, wanted: Sequence[int]) -> dict[int, str]:
    """The codes of these endpoints."""
    c = claim_codes.c
    return {
        row.endpoint: row.code for row in connection.execute(select(c.endpoint, c.code).where(c.endpoint.in_(wanted)))
    }


def forget(connection: Connection, done: Iterable[int]) -> None:
    """Forget the codes of these endpoints."""
    rows = [{"done": endpoint} for endpoint in done]
    if rows:
        connection.execute(delete(claim_codes).where(claim_codes.c.endpoint == bindparam("done")), rows)
