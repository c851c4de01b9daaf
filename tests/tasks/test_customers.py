"""The same on Stacuity, where a token belongs to a customer and only what it shows tells whose it is."""

import pytest

from domain.errors import LoginRefused, UnusableGroup, WrongTenant
from domain.order import OrderState
from tasks import resources
from tests.support.stacuity import TOKEN
from tests.support.tenants import Tenants, commits, requests

OTHER_TOKEN = "d" * 32
OWN = {
    "platform": "stacuity",
    "token": TOKEN,
    "tenant_claim": "",
    "username": "",
    "password": "",
    "roaming_profile_id": "",
    "apn_group_id": "",
    "plan_id": "",
}
GROUP = 'endpoint_group = "fleet-main"'


@pytest.fixture
async def customers(tmp_path, store_url, monkeypatch):
    """A store, and customers to name."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    made = Tenants(tmp_path, store_url)
    yield made
    await made.close()


async def stocked(customers, **knobs):
    """A customer on which an account has endpoints that wait."""
    customer = await customers.tenant(platform="stacuity", **knobs)
    customers.name({"fleet": customer}, **OWN, group=GROUP)
    iccids = [one.iccid for one in list(customer.estate.endpoints.values())[:4]]
    await customers.provision("fleet", iccids)
    return customer, iccids


async def test_a_token_of_another_customer_changes_nothing_of_it(customers):
    await stocked(customers, tenant="customer-1")
    other = await customers.tenant(platform="stacuity", tenant="customer-2")
    customers.name({"fleet": other}, **OWN, group=GROUP)
    before = commits(other)

    with pytest.raises(LoginRefused, match="shows tenant customer-2"):
        await customers.sell("A-1", "fleet")

    assert commits(other) == before
    assert requests(other) <= 3


async def test_another_token_of_the_same_customer_is_the_same_account(customers):
    customer, _ = await stocked(customers, tenant="customer-1")
    again = await customers.tenant(platform="stacuity", tenant="customer-1", token=OTHER_TOKEN)
    customers.name({"fleet": again}, **OWN | {"token": OTHER_TOKEN}, group=GROUP)

    async with resources.session("fleet") as session:
        await session.platform.login()

    assert customers.see("SELECT tenant, credential FROM account_pins") == [("customer-1", "")]
    assert customer.estate.customer == "customer-1"


async def test_where_nothing_is_shown_a_slow_hash_of_the_token_tells_customers_apart(customers):
    customer, iccids = await stocked(customers, tenant="customer-1")
    customer.estate.customer = ""
    desk_pins(customers, "UPDATE account_pins SET tenant = ''")
    async with resources.session("fleet") as session:
        await session.platform.login()
    ((tenant, credential),) = customers.see("SELECT tenant, credential FROM account_pins")
    assert (tenant, len(credential)) == ("", 64)
    assert TOKEN not in credential

    customer.account.config = customer.account.config.model_copy(update={"token": OTHER_TOKEN})
    customers.name({"fleet": customer}, **OWN | {"token": OTHER_TOKEN}, group=GROUP)
    with pytest.raises(WrongTenant, match="is another one than when its endpoints were recorded"):
        async with resources.session("fleet") as session:
            await session.platform.login()

    resources.move_account("fleet", "the token was renewed")
    async with resources.session("fleet") as session:
        await session.platform.login()
    assert iccids


def desk_pins(customers, statement):
    from tests.support.desk import Desk

    desk = Desk(customers.store_url)
    desk.do(statement)
    desk.close()


async def test_a_renamed_account_keeps_its_orders_and_its_groups(customers):
    customer, _ = await stocked(customers)
    sold = await customers.sell("A-1", "fleet")
    customers.name({"cars": customer}, **OWN, group=GROUP)
    resources.rename_account("fleet", "cars", "a new brand")

    again = await customers.sell("A-1", "cars")

    assert (again.state, again.iccid) == (OrderState.DONE, sold.iccid)
    assert commits(customer)["assign"] == 1
    assert {row[0] for row in customers.see("SELECT account FROM pinned_groups")} == {"cars"}


async def test_a_group_that_is_another_one_is_moved_on_purpose_only(customers):
    customer, _ = await stocked(customers)
    await customers.sell("A-1", "fleet")
    group = customer.estate.find(customer.estate.groups, "fleet-main")
    group.moniker = "fleet-gone"
    other = next(one for one in customer.estate.groups.values() if one.kind == "primary" and one is not group)
    other.moniker = "fleet-main"
    with pytest.raises(UnusableGroup, match="somebody renamed or replaced it"):
        await customers.sell("A-2", "fleet")

    for name in ("eu", "fleet-main"):
        resources.move_group("fleet", name, "the group was replaced")

    assert (await customers.sell("A-2", "fleet")).state is OrderState.DONE
