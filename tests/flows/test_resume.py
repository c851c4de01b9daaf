"""What was left undone is gone on with, one account after the other, and nothing that was found is kept back."""

import signal

import pytest

from domain.events import failures
from domain.summary import Summary
from tasks.going_on import Came
from tasks.selling import Swept
from tests.flows.processes import until

ROWS = 12
# Makes a batch of a file on each account, of which nothing is sent.
PLAN = """
import asyncio
from domain.requests import ProvisionRequest
from tasks import resources
from tasks.planning import plan_file

async def plan(account, file):
    request = ProvisionRequest(file=file, account=account)
    async with resources.session(account) as session:
        await resources.store_manifest(session, plan_file(request)[0], request)

for account in ("t", "u"):
    asyncio.run(plan(account, f"{account}.csv"))
"""


@pytest.fixture
def here(world):
    """A world with two accounts, and a batch on each of which nothing was sent."""
    made = world(rows=2 * ROWS, account={"rate_per_second": 30, "max_in_flight": 2}, platform={"--latency": 0.05})
    first, *_ = made.settings.read_text().split("[accounts.t.groups")
    made.settings.write_text(first + "[accounts.u]" + first.partition("[accounts.t]")[2])
    made.write("t.csv", made.iccids[:ROWS])
    made.write("u.csv", made.iccids[ROWS:])
    made.run("-c", PLAN)
    return made


def test_ctrl_c_ends_the_account_under_way_cleanly_and_no_further_one_is_begun(here):
    command = here.start("unfinished", "--yes")
    until(lambda: here.platform.writes >= 3 or command.is_over, 100, "the first writes")
    command.signal(signal.SIGINT)
    ended = command.end()
    left = {row["account"]: row["planned"] for row in here.run("unfinished", "--json").rows}

    assert (ended.code, ended.summary["rows"]) == (1, ROWS)
    assert "(stopped early)" in ended.out
    assert set(here.platform.created()) < set(here.iccids[:ROWS])
    assert left["u"] == ROWS
    assert 0 < left["t"] < ROWS
    assert here.run("resolve", "--json").rows == []

    assert here.run("unfinished", "--yes").summary["rows"] == 2 * ROWS
    here.check_one_each()


def test_orders_that_need_a_person_are_in_the_last_word_and_in_the_exit_code():
    came = Came(done=[Summary("b", "r", confirmed=3)], swept={"t": Swept(done=1), "u": Swept(needs_human=2)})
    summary = came.summary("r")

    assert summary.sentence().startswith("3 confirmed; t: 1 orders finished, 0 SIMs put back")
    assert "u: 0 orders finished, 0 SIMs put back, 0 orders in progress, 2 need a person" in summary.sentence()
    assert failures(summary)["sentence"] == summary.sentence()
    assert summary.exit_code == 3
    assert failures(Came(swept={"t": Swept(done=1)}).summary("r")) is None
