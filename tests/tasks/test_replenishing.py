"""Filling stock up on the real store and the real simulator, with the steps of the flow."""

import pytest

from adapters.store import ingest
from domain.manifest import ManifestRow, Outcome
from domain.replenish import REFUSALS_IN_A_ROW, ReplenishRequest
from tasks import resources
from tasks.replenish import create_from_raw, plan_fill
from tests.support.desk import ACCOUNT, Desk, manifest
from tests.support.shop import open_shop

MARKS = 'stock = [{tag = "spring", low = 5, high = 90}, {tag = "autumn", low = 5, high = 20}]\ndeadline_seconds = 5'
ASKED = ReplenishRequest(dry_run=False)


@pytest.fixture
def shop_of(tmp_path, store_url, monkeypatch):
    """Opens shops with raw SIMs on each store in turn."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    return lambda more=MARKS: open_shop(tmp_path, store_url, sims=1, stock=120, more=more)


def take_in(shop, count, tag):
    """Make the next SIMs of the platform raw stock."""
    iccids = list(shop.simulator.state.sims)
    chosen = iccids[len(shop.iccids) : len(shop.iccids) + count]
    shop.iccids += chosen
    rows = [ManifestRow(row_no=n + 2, outcome=Outcome.ACCEPTED, iccid=iccid) for n, iccid in enumerate(chosen)]
    desk = Desk(shop.store_url)
    desk.store.write(ingest.ingest, into_stock=True, **desk.ingest_values(manifest(rows), tags=[tag], batch=tag))
    desk.close()


def stock():
    return [(need.mark.tag, need.create) for need in resources.needs([ACCOUNT])[ACCOUNT]]


async def test_a_platform_that_refuses_everything_gets_few_raw_sims_and_the_others_are_raw_again(shop_of):
    async with shop_of() as shop:
        take_in(shop, 100, "spring")
        shop.faults({"fault": "refused", "route": "/CreateEndPoint"})
        async with resources.session(ACCOUNT) as session:
            fill = await plan_fill.__wrapped__(ACCOUNT, resources.marks_of(session)[0], 1000, ASKED)
            went_on = await create_from_raw.__wrapped__(ACCOUNT, fill.change, 1, fill.need.create)
        (spring, _) = resources.needs([ACCOUNT])[ACCOUNT]

    # More than ten only by what was handed out before they were answered.
    assert not went_on
    assert REFUSALS_IN_A_ROW <= spring.level.refused < 50
    assert (spring.level.coming, spring.level.raw) == (0, 100 - spring.level.refused)
    assert spring.held


async def test_max_change_is_for_all_marks_of_an_account_together(shop_of):
    async with shop_of(f"{MARKS}\nmax_change = 30") as shop:
        take_in(shop, 25, "spring")
        take_in(shop, 25, "autumn")

        assert stock() == [("spring", 25), ("autumn", 5)]


def test_without_a_name_every_account_that_has_marks_is_meant(configure):
    configure('stock = [{tag = "spring", low = 5, high = 90}]')

    assert resources.stocked_accounts("") == ["travel"]
    assert resources.stocked_accounts("fleet") == ["fleet"]
