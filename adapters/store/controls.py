"""Endpoints by which look-ups are tried before what they do not show is believed."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from adapters.store.store import Store
from domain.lifecycle import Kind

_MOST = 3
# Each reads a bounded stretch of one index, however large the store is.
_QUERIES = {
    Kind.ASSIGN: (
        'SELECT endpoint_id FROM (SELECT id, endpoint_id, "group" FROM endpoints WHERE account = :account '
        "AND state = 'active' ORDER BY id DESC LIMIT 1000) AS latest "
        "WHERE \"group\" <> '' AND endpoint_id IS NOT NULL ORDER BY id DESC LIMIT :most"
    ),
    Kind.TAG: (
        "SELECT e.endpoint_id FROM (SELECT id, endpoint, kind FROM operations WHERE account = :account "
        "AND state = 'confirmed' ORDER BY id DESC LIMIT 1000) AS latest JOIN endpoints e ON e.id = latest.endpoint "
        "WHERE latest.kind = 'tag' AND e.endpoint_id IS NOT NULL AND e.state <> 'terminated' "
        "ORDER BY latest.id DESC LIMIT :most"
    ),
}


def latest(connection: Connection, account: str, kind: Kind) -> list[str]:
    """A few endpoints for which such a change is confirmed, the newest first."""
    query = text(_QUERIES[kind]).bindparams(account=account, most=_MOST)
    return list(connection.execute(query).scalars())


class StoredControls:
    """Implements domain.controls.Controls for one account."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account

    async def of(self, kind: Kind) -> Sequence[str]:
        """See Controls."""
        return await self._store.awrite(latest, self._account, kind)
