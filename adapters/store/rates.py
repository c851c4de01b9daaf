"""The account's bucket: one row, shared by all processes."""

import json

from sqlalchemy import Connection, Row, insert, select, update

from adapters.store.clock import store_now
from adapters.store.lanes import sellers_of
from adapters.store.tables import buckets
from domain.pacing import Bucket, Lane, refused, take
from domain.ports import Slots

HORIZON = 0.25
# While somebody may sell at any moment, bulk work plans less far ahead, so that a sale's first call waits less.
_HORIZON_BESIDE_SALES = 0.05
_CALLS_OF_A_SALE = 4


def take_slots(
    connection: Connection, account: str, *, rate: float, wanted: int, lane: Lane = Lane.BULK, sales_share: float = 0.0
) -> Slots:
    """Take start times from the bucket."""
    bucket = _locked(connection, account)
    now = store_now(connection)
    if lane is Lane.SALES:
        horizon = max(HORIZON, _CALLS_OF_A_SALE / rate)
    else:
        horizon = _HORIZON_BESIDE_SALES if sales_share and sellers_of(connection, account, now) else HORIZON
    slots, after = take(bucket, now=now, rate=rate, wanted=wanted, horizon=horizon, lane=lane, sales_share=sales_share)
    _save(connection, account, after)
    return Slots(tuple(slots), now, rate * after.factor)


def refuse(connection: Connection, account: str, *, rate: float, sent_at: float, retry_after: float | None) -> None:
    """Slow the account down after the platform refused a call for asking too often."""
    bucket = _locked(connection, account)
    after = refused(bucket, now=store_now(connection), sent_at=sent_at, retry_after=retry_after, rate=rate)
    _save(connection, account, after)


def _locked(connection: Connection, account: str) -> Bucket:
    query = select(*(buckets.c[name] for name in _COLUMNS)).where(buckets.c.account == account).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        _ensure(connection, account)
        row = connection.execute(query).one()
    return _bucket(row)


_COLUMNS = ("next_at", "factor", "factor_at", "strikes", "sold_at", "left", "holes")


def _bucket(row: Row[tuple[object, ...]]) -> Bucket:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Bucket(**(values | {"holes": tuple(json.loads(row.holes or "[]"))}))


def _ensure(connection: Connection, account: str) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert  # noqa: PLC0415 - SQLite users never need it

        statement = upsert(buckets).on_conflict_do_nothing()
        connection.execute(statement, {"account": account, **_values(Bucket())})
        return
    connection.execute(insert(buckets), {"account": account, **_values(Bucket())})


def _save(connection: Connection, account: str, bucket: Bucket) -> None:
    connection.execute(update(buckets).where(buckets.c.account == account).values(_values(bucket)))


def _values(bucket: Bucket) -> dict[str, float | str]:
    values: dict[str, float | str] = {name: getattr(bucket, name) for name in _COLUMNS}
    return values | {"holes": json.dumps(bucket.holes) if bucket.holes else ""}
