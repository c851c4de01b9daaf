"""What the buyer of an eSIM scans: its LPA string, where the supplier's file had one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, null, select

from adapters.store.tables import endpoints


def lpa_column() -> ColumnElement[Any]:
    """The column with LPA strings, or NULL in a store that keeps none."""
    column: ColumnElement[Any] | None = endpoints.c.get("lpa")
    return null() if column is None else column


def lpa_of_batch(connection: Connection, batch: int) -> Sequence[tuple[str, str]]:
    """ICCID and LPA string of every endpoint of a batch that has one."""
    column = lpa_column()
    query = select(endpoints.c.iccid, column).where(endpoints.c.batch_id == batch, column.is_not(None))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(endpoints.c.id))]
