"""Whose objects a token shows is compared once for each token, before anything else is asked."""

import pytest

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.stacuity.client import StacuityPlatform
from domain.errors import StoreLocked, WrongTenant
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.outcome import Because, Verdict
from domain.pacer import Pacer
from domain.ports import ReadStopped
from tests.support.memory_ledger import MemoryBuckets
from tests.support.stacuity import ACCOUNT, FAST


class Known:
    """Implements domain.tenancy.Guard with one tenant."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.asked = []
        self.is_away = False

    async def confirm(self, tenant, secret=""):
        if self.is_away:
            raise StoreLocked
        self.asked.append((tenant, secret))
        if tenant != self.tenant:
            raise WrongTenant


@pytest.fixture
async def guarded():
    """Makes a platform whose tenant is known; returns it with its guard and its simulator."""
    simulator = StacuitySimulator(StacuityConfig.model_validate(FAST | {"tenant": "customer-1"}))
    await simulator.start()
    platforms = []

    def make(tenant):
        account = Account.model_validate({**ACCOUNT, "base_url": simulator.base_url})
        pacer = Pacer(MemoryBuckets(rate=account.rate_per_second), rate=account.rate_per_second)
        guard = Known(tenant)
        platforms.append(StacuityPlatform(account, pacer, tenant=guard))
        return platforms[-1], guard, simulator

    yield make
    for platform in platforms:
        await platform.close()
    await simulator.stop()


async def test_a_token_is_compared_once(guarded):
    platform, guard, _ = guarded("customer-1")

    await platform.login()
    await platform.sims_page(1)

    assert guard.asked == [("customer-1", ACCOUNT["token"])]


async def test_a_token_of_another_customer_sends_nothing(guarded):
    platform, _, simulator = guarded("customer-2")
    one = next(iter(simulator.estate.endpoints.values()))
    before = len(simulator.ledger.entries)

    with pytest.raises(WrongTenant):
        await platform.login()
    with pytest.raises(WrongTenant):
        await platform.sim(one.iccid)
    answer = await platform.perform(Work(1, Kind.SUSPEND, 1, 1, one.iccid, "n", one.id, sent_at=1e12))

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.LOGIN)
    assert len(simulator.ledger.entries) == before
    assert set(simulator.account.stats.requests) <= {"verify_token", "list_endpoints"}


async def test_while_the_store_does_not_say_whose_token_it_is_nothing_is_sent_and_nothing_is_in_doubt(guarded):
    platform, guard, simulator = guarded("customer-1")
    one = next(iter(simulator.estate.endpoints.values()))
    work = Work(1, Kind.SUSPEND, 1, 1, one.iccid, "n", one.id, sent_at=1e12)
    guard.is_away = True

    with pytest.raises(StoreLocked):
        await platform.login()
    with pytest.raises(ReadStopped):
        await platform.sim(one.iccid)
    answer = await platform.perform(work)
    guard.is_away = False

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.STOPPED)
    assert simulator.account.stats.requests.get("suspend", 0) == 0
    assert (await platform.sim(one.iccid)).endpoint_id == one.id
