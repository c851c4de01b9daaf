"""Raw SIMs become stock by the command and by nothing else."""

import pytest

from tests.flows.processes import unreachable, until

MARK = '[{"tag": "spring", "low": 5, "high": 12}]'
MARKED = {"PREACTIVE_ACCOUNTS__T__STOCK": MARK}
REFUSED = {"fault": "refused", "route": "/CreateEndPoint"}


def taken_in(world, **options):
    """A world whose SIMs are raw stock."""
    here = world(rows=30, **options)
    taken = here.run("intake", str(here.file), "--tag", "spring")
    assert taken.out == "Batch batch: 30 new SIMs in raw stock, 0 rows rejected.\n"
    assert here.platform.writes == 0
    return here


def low_accounts(api):
    """The accounts of which somebody was told that stock is low."""
    return {event["payload"]["account"] for event in api.events("preactive.stock.low")}


def test_raw_sims_are_made_endpoints_up_to_the_high_mark_and_no_further(world, prefect_api):
    here = taken_in(world)

    first = here.run("replenish", "--yes", env=MARKED)
    writes = here.platform.writes
    again = here.run("replenish", "--yes", env=MARKED)

    plan, numbers, *reports, _ = first.out.splitlines()
    assert plan == "spring: 0 free and 0 coming of 5 to 12, 30 raw; 12 to create"
    assert (numbers, first.summary["confirmed"], first.summary["accepted"]) == (
        "12 confirmed; written: 12 creates, 12 tags",
        12,
        12,
    )
    assert [path.strip() for path in reports] == first.summary["reports"]
    assert again.out == "spring: 12 free and 0 coming of 5 to 12, 18 raw; 0 to create\n"
    assert set(here.platform.created()) == set(here.iccids[:12])
    assert len(prefect_api.named("replenish spring · 12 endpoints · t")) == 1
    assert (here.platform.writes, writes) == (writes, 25)  # 12 creates, 12 tags, and the tag itself


@pytest.mark.long
def test_every_account_with_marks_is_filled_up_though_another_one_cannot_be_reached(world, prefect_api):
    here = taken_in(world)
    away = {"PREACTIVE_ACCOUNTS__A__BASE_URL": unreachable() + "/api", "PREACTIVE_ACCOUNTS__A__STOCK": MARK}
    away |= {f"PREACTIVE_ACCOUNTS__A__{name.upper()}": value for name, value in here.own.items()}

    ended = here.run("replenish", "--yes", env=MARKED | away, code=1)

    assert ended.out.splitlines()[0].startswith("a: spring: 0 free")
    assert "cannot be reached" in ended.sentence
    assert len(here.platform.created()) == 12
    until(lambda: "a" in low_accounts(prefect_api), 30, "the word that stock of account a is low")


@pytest.mark.long
def test_a_platform_that_refuses_everything_is_told_of_and_takes_no_more_raw_sims(world):
    here = taken_in(world)
    here.platform.ask("/faults", [REFUSED])

    first = here.run("replenish", "--yes", env=MARKED, code=3)
    held = here.run("replenish", "--yes", env=MARKED, code=3)
    here.platform.ask("/faults", [])
    again = here.run("replenish", "--yes", "--retry-refused", env=MARKED)

    assert (first.summary["confirmed"], first.summary["refused"]) == (0, 12)
    assert "held: the last 12 creates were all refused" in held.out
    assert len(here.platform.asked_to_create()) == 12
    assert (again.summary["confirmed"], set(here.platform.created())) == (12, set(here.iccids[:12]))
