"""Endpoints that several accounts of one tenant have: each belongs to one account, which alone changes it."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, select, text

from adapters.store.engine import in_parts
from adapters.store.tables import endpoints
from domain.endpoint import Claim
from domain.lifecycle import Lifecycle

# Accounts of one tenant, and those at one address of which nobody knows: several users of a tenant look like several.
SHARING = (
    "SELECT q.account FROM account_pins p JOIN account_pins q ON q.account <> p.account AND q.platform = p.platform "
    "AND CASE WHEN p.tenant <> '' AND q.tenant <> '' THEN p.tenant = q.tenant ELSE p.address = q.address END "
    "WHERE p.account = :account"
)
_IN_USE = "CASE WHEN {0}.held_by IS NOT NULL OR {0}.state <> 'pre_active' THEN 1 ELSE 0 END"
# Of the endpoint `e`: whoever sold or changed it has it, else whoever recorded it first.
OF_ANOTHER = (
    f"EXISTS (SELECT 1 FROM endpoints x WHERE x.account IN ({SHARING}) AND x.iccid = e.iccid "
    "AND x.endpoint_id = e.endpoint_id AND x.state <> 'terminated' "
    f"AND ({_IN_USE.format('x')} > {_IN_USE.format('e')} "
    f"OR {_IN_USE.format('x')} = {_IN_USE.format('e')} AND x.id < e.id))"
)


def holders(connection: Connection, account: str, claims: Iterable[Claim]) -> dict[str, str]:
    """The other account that has the endpoint already, by ICCID, of the claims for which there is one."""
    ids = {claim.iccid: claim.endpoint_id for claim in claims}
    return {row.iccid: row.account for row in _recorded(connection, account, ids) if row.endpoint_id == ids[row.iccid]}


def held_elsewhere(connection: Connection, account: str, iccids: Iterable[str]) -> dict[str, str]:
    """The other account of the tenant that has an endpoint of these SIMs, by ICCID."""
    return {row.iccid: row.account for row in _recorded(connection, account, iccids)}


def _recorded(connection: Connection, account: str, iccids: Iterable[str]) -> Iterator[Any]:
    others = list(connection.execute(text(SHARING), {"account": account}).scalars())
    e = endpoints.c
    lives = (e.endpoint_id.is_not(None), e.state != Lifecycle.TERMINATED.value)
    for some in in_parts(sorted(set(iccids))) if others else ():
        query = select(e.iccid, e.endpoint_id, e.account).where(e.account.in_(others), e.iccid.in_(some), *lives)
        yield from connection.execute(query)
