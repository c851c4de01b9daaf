"""The account's bucket: one row, shared by all processes."""

from sqlalchemy import Connection, insert, select, update

from adapters.store.clock import store_now
from adapters.store.tables import buckets
from domain.pacing import Bucket, refused, take
from domain.ports import Slots

HORIZON = 0.25


def take_slots(connection: Connection, account: str, *, rate: float, wanted: int) -> Slots:
    """Take start times from the bucket."""
    bucket = _locked(connection, account)
    now = store_now(connection)
    slots, after = take(bucket, now=now, rate=rate, wanted=wanted, horizon=HORIZON)
    _save(connection, account, after)
    return Slots(tuple(slots), now)


def refuse(connection: Connection, account: str, *, sent_at: float, retry_after: float | None) -> None:
    """Slow the account down after the platform refused a call for asking too often."""
    bucket = _locked(connection, account)
    after = refused(bucket, now=store_now(connection), sent_at=sent_at, retry_after=retry_after)
    _save(connection, account, after)


def _locked(connection: Connection, account: str) -> Bucket:
    columns = (buckets.c.next_at, buckets.c.factor, buckets.c.factor_at, buckets.c.strikes)
    row = connection.execute(select(*columns).where(buckets.c.account == account).with_for_update()).first()
    if row is not None:
        return Bucket(*row)
    _ensure(connection, account)
    return Bucket(*connection.execute(select(*columns).where(buckets.c.account == account).with_for_update()).one())


def _ensure(connection: Connection, account: str) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert  # noqa: PLC0415 - SQLite users never need it

        statement = upsert(buckets).on_conflict_do_nothing()
        connection.execute(statement, {"account": account, **_values(Bucket())})
        return
    connection.execute(insert(buckets), {"account": account, **_values(Bucket())})


def _save(connection: Connection, account: str, bucket: Bucket) -> None:
    connection.execute(update(buckets).where(buckets.c.account == account).values(**_values(bucket)))


def _values(bucket: Bucket) -> dict[str, float]:
    return {
        "next_at": bucket.next_at,
        "factor": bucket.factor,
        "factor_at": bucket.factor_at,
        "strikes": bucket.strikes,
    }
