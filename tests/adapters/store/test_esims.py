"""eSIM data in the store: kept from the first file, never overwritten, and read back as it was."""

from adapters.store import queries
from adapters.store.reading import Reader
from domain.esim import Esim
from tests.support.desk import ACCOUNT, accepted, manifest
from tests.support.works import iccid

FIRST = Esim("89049032000000000000000000000152", "smdp.example.com", "K-1", None, True)
OTHER = Esim(None, "smdp.example.com", "K-2")


def kept(desk):
    with Reader(desk.url).open() as reader:
        return {row.pop("iccid"): Esim(**row | {"needs_confirmation": bool(row["needs_confirmation"])})
                for row in queries.esims(reader, ACCOUNT)}  # fmt: skip


def test_what_a_file_brings_is_kept_and_a_row_without_it_has_none(desk):
    desk.ingest(manifest(accepted(1, 2)), row_esims=[(iccid(1), FIRST)])

    assert kept(desk) == {iccid(1): FIRST}


def test_a_later_file_adds_and_never_overwrites(desk):
    desk.ingest(manifest(accepted(1, 2)), row_esims=[(iccid(1), FIRST)])
    desk.ingest(manifest(accepted(1, 2, 3)), batch="april", row_esims=[(iccid(1), OTHER), (iccid(2), OTHER)])

    assert kept(desk) == {iccid(1): FIRST, iccid(2): OTHER}


def test_the_source_that_brought_it_is_known(desk):
    stored = desk.ingest(manifest(accepted(1)), row_esims=[(iccid(1), FIRST)])

    assert desk.one("SELECT source_id FROM esims") == stored.source


def test_one_sim_is_asked_for_alone(desk):
    desk.ingest(manifest(accepted(1, 2)), row_esims=[(iccid(1), FIRST)])

    with Reader(desk.url).open() as reader:
        assert (queries.esim(reader, ACCOUNT, iccid(1)) or {})["matching_id"] == "K-1"
        assert queries.esim(reader, ACCOUNT, iccid(2)) is None
        assert queries.esim(reader, "other", iccid(1)) is None
