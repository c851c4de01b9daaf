"""What was left undone is gone on with, one account after the other, and nothing that was found is kept back."""

import signal

import pytest

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
    made.settings.write_text(first + '[accounts.u]\nsame_tenant_as = ["t"]\n' + first.partition("[accounts.t]")[2])
    made.write("t.csv", made.iccids[:ROWS])
    made.write("u.csv", made.iccids[ROWS:])
    made.run("-c", PLAN)
    return made


@pytest.mark.long
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

    here.settings.write_text(here.settings.read_text().replace("rate_per_second = 30", "rate_per_second = 400"))
    assert here.run("unfinished", "--yes").summary["rows"] == 2 * ROWS
    here.check_one_each()
