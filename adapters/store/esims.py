"""The eSIM data of endpoints: kept from the first file that brings it, never overwritten by a later one."""

from collections.abc import Iterable

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table, text

from adapters.store.bulk import insert_all
from domain.esim import Esim

_staging = MetaData()
incoming_esims = Table(
    "incoming_esims",
    _staging,
    Column("iccid", String(22)),
    Column("eid", String(32)),
    Column("smdp_address", String(255)),
    Column("matching_id", String(255)),
    Column("object_id", String(255)),
    Column("needs_confirmation", Boolean),
    prefixes=["TEMPORARY"],
)


# SIMs for which a file brings other eSIM data than is recorded: it changes nothing of them.
esim_conflicts = Table(
    "esim_conflicts", _staging, Column("endpoint", Integer, primary_key=True), prefixes=["TEMPORARY"]
)
NO_CONFLICT = "NOT EXISTS (SELECT 1 FROM esim_conflicts x WHERE x.endpoint = e.id)"
_DIFFERS = " OR ".join(
    f"coalesce(i.{name}, '') <> coalesce(s.{name}, '')" for name in ("eid", "smdp_address", "matching_id", "object_id")
)


def stage_esims(connection: Connection, esims: Iterable[tuple[str, Esim]], *, account: str, source: int) -> None:
    """Add the eSIM data of these ICCIDs to endpoints that have none yet, and note those that have other data."""
    _staging.create_all(connection, checkfirst=True)
    connection.execute(incoming_esims.delete())
    connection.execute(esim_conflicts.delete())
    if not insert_all(connection, incoming_esims, ({"iccid": iccid, **esim._asdict()} for iccid, esim in esims)):
        return
    connection.execute(
        text(
            "INSERT INTO esims (endpoint, source_id, eid, smdp_address, matching_id, object_id, needs_confirmation) "
            "SELECT e.id, :source, i.eid, i.smdp_address, i.matching_id, i.object_id, i.needs_confirmation "
            "FROM incoming_esims i JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid WHERE true "
            "ON CONFLICT (endpoint) DO NOTHING"
        ),
        {"account": account, "source": source},
    )
    connection.execute(
        text(
            "INSERT INTO esim_conflicts (endpoint) SELECT DISTINCT e.id FROM incoming_esims i "
            "JOIN endpoints e ON e.account = :account AND e.iccid = i.iccid JOIN esims s ON s.endpoint = e.id "
            f"WHERE {_DIFFERS} OR i.needs_confirmation <> s.needs_confirmation"
        ),
        {"account": account},
    )
