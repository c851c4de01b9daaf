"""What the buyer of an eSIM scans: its LPA string, where the supplier's file told what it is made of.

Source: GSMA SGP.22, activation code. A matching id works like a password for one download.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, String, case, column, func, literal, null, select, table

from adapters.store.tables import endpoints, metadata

_ESIMS = table(
    "esims",
    *(column(name, String) for name in ("endpoint", "smdp_address", "matching_id", "object_id")),
    column("needs_confirmation", Boolean),
)


def lpa_column() -> ColumnElement[Any]:
    """The LPA string of an endpoint in a query of endpoints; NULL in a store that keeps no eSIM data."""
    return lpa_of_endpoint() if _ESIMS.name in metadata.tables else null()


def lpa_of_endpoint() -> ColumnElement[Any]:
    """`LPA:1$address$matching id`, with an object id and the wish for a confirmation code where there are such."""
    e = _ESIMS.c
    tail = case(
        (e.needs_confirmation, literal("$") + func.coalesce(e.object_id, "") + "$1"),
        (e.object_id.is_not(None), literal("$") + e.object_id),
        else_="",
    )
    code = literal("LPA:1$") + e.smdp_address + "$" + func.coalesce(e.matching_id, "") + tail
    return select(code).where(e.endpoint == endpoints.c.id).correlate(endpoints).scalar_subquery()


def lpa_of_batch(connection: Connection, batch: int) -> Sequence[tuple[str, str]]:
    """ICCID and LPA string of every endpoint of a batch that has one."""
    lpa = lpa_column()
    query = select(endpoints.c.iccid, lpa).where(endpoints.c.batch_id == batch, lpa.is_not(None))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(endpoints.c.id))]
