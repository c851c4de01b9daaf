"""An account is the tenant behind it: another one is refused before anything is sent, whatever its name."""

import asyncio

import pytest

from adapters.platforms.simulator import SimulatorConfig
from adapters.store import trail
from domain.errors import (
    LoginRefused,
    NothingSelected,
    PreactiveError,
    Refused,
    SettingsError,
    StoreDamaged,
    UnusableGroup,
    WrongTenant,
)
from domain.manifest import ManifestRow, Outcome
from domain.options import Account, GroupTarget
from domain.order import OrderState, SellRequest
from domain.outcome import Answer, Verdict
from domain.ports import Result, Scope
from domain.requests import ActivateRequest, ProvisionRequest
from flows.checks import identities
from tasks import planning, platform_events, resources, selling
from tasks.bound import bound_of
from tasks.report_data import batch_report
from tests.support.desk import Desk, manifest
from tests.support.tenants import ADDON, OTHER_ADDON, Tenants, commits, requests

OTHER = f'addon_plan_id = "{OTHER_ADDON}"'


@pytest.fixture
async def tenants(tmp_path, store_url, monkeypatch):
    """A store, and tenants to name."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    made = Tenants(tmp_path, store_url)
    yield made
    await made.close()


async def stocked(tenants, name="travel", count=5):
    """A tenant on which an account has endpoints that wait."""
    tenant = await tenants.tenant()
    tenants.name({name: tenant})
    iccids = list(tenant.state.sims)
    await tenants.provision(name, iccids[:count])
    return tenant, iccids


# --- the same name, another tenant ---


@pytest.mark.both
async def test_an_address_of_another_tenant_is_refused_before_anything_is_sent(tenants):
    _, iccids = await stocked(tenants)
    other = await tenants.tenant()
    tenants.name({"stranger": other})
    await tenants.provision("stranger", iccids[5:10])
    before, asked = commits(other), requests(other)
    tenants.name({"travel": other})

    with pytest.raises(WrongTenant, match="shows tenant") as refused:
        await tenants.sell("A-1", "travel")

    assert refused.value.exit_code == 2
    assert commits(other) == before
    # A platform of this machine may have another port, so its login is asked whose it is, and nothing else.
    assert requests(other) - asked <= 1


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "https://elsewhere.example/api"},
        {"username": "another-user", "tenant_claim": ""},
        {"target_account_id": "400002", "tenant_claim": ""},
    ],
    ids=["address", "user", "target account"],
)
async def test_a_login_of_another_tenant_is_refused_offline(tenants, changed):
    tenant = await tenants.tenant()
    tenants.name({"travel": tenant}, tenant_claim="")
    await tenants.provision("travel", list(tenant.state.sims)[:2])
    asked = requests(tenant)
    tenants.name({"travel": tenant}, **changed)

    with pytest.raises(WrongTenant, match="nothing was sent"):
        await tenants.sell("A-1", "travel")

    assert requests(tenant) == asked


async def test_creates_in_doubt_are_neither_looked_up_nor_sent_on_another_tenant(tenants):
    tenant = await tenants.tenant(faults=[{"fault": "hang_before", "route": "CreateEndPoint"}])
    other = await tenants.tenant()
    tenants.name({"travel": tenant})
    provision = tenants.provision("travel", list(tenant.state.sims)[:3])
    await tenants.end_once(lambda: requests(tenant, "CreateEndPoint") >= 3, provision)
    assert tenants.see("SELECT DISTINCT state FROM operations WHERE kind = 'create'") == [("sent",)]
    tenants.name({"travel": other})

    for _ in range(2):
        with pytest.raises(WrongTenant):
            async with resources.session("travel") as session:
                await session.platform.login()
                await session.settler.settle_due(Scope(1))

    assert commits(other) == {}
    assert requests(other) == requests(other, "login")


async def test_a_platform_of_this_machine_may_have_another_port_as_long_as_it_shows_the_same_tenant(tenants):
    tenant, iccids = await stocked(tenants)
    again = await tenants.tenant(tenant=tenant.engine.tenant)
    tenants.name({"stranger": again})
    tenants.name({"travel": again})

    async with resources.session("travel") as session:
        await session.platform.login()

    ((address, shown),) = tenants.see("SELECT address, tenant FROM account_pins WHERE account = 'travel'")
    assert address == again.base_url
    assert tenant.engine.tenant in shown
    assert iccids


async def test_one_tenant_behind_the_same_address_and_user_is_told_by_what_its_login_shows(tenants):
    tenant, _ = await stocked(tenants)
    tenant.engine.sessions.tenant = "somebody-else"

    with pytest.raises(LoginRefused, match="shows tenant"):
        await tenants.sell("A-1", "travel")

    assert commits(tenant)["activate"] == 0


async def test_a_name_that_holds_nothing_may_lead_anywhere(tenants):
    first, second = await tenants.tenant(), await tenants.tenant()
    for tenant in (first, second):
        tenants.name({"travel": tenant})
        async with resources.session("travel") as session:
            await session.platform.login()

    ((address,),) = tenants.see("SELECT address FROM account_pins")
    assert address == second.base_url


async def test_what_was_in_use_before_there_were_pins_is_pinned_at_its_next_use(tenants):
    await stocked(tenants)
    desk = Desk(tenants.store_url)
    desk.do("DELETE FROM account_pins")
    desk.close()

    assert (await tenants.sell("A-1", "travel")).state is OrderState.DONE
    other = await tenants.tenant()
    tenants.name({"travel": other})
    with pytest.raises(WrongTenant):
        await tenants.sell("A-2", "travel")


async def test_plans_polls_and_sweeps_are_refused_like_sales(tenants):
    tenant, iccids = await stocked(tenants)
    other = await tenants.tenant()
    (tenants.folder / "file.csv").write_text("\n".join(["iccid", *iccids]) + "\n")
    tenants.name({"travel": other}, tenant_claim="", base_url="https://elsewhere.example/api")

    for refused in (
        lambda: planning.plan_file(ProvisionRequest(file="file.csv", account="travel")),
        lambda: planning.plan_selection(ActivateRequest(tag="spring", group="eu", account="travel")),
    ):
        with pytest.raises(WrongTenant):
            refused()
    for awaited in (selling.sweep("travel"), platform_events.poll_account("travel")):
        with pytest.raises(WrongTenant):
            await awaited
    assert requests(other) == 0
    assert requests(tenant) > 0


# --- another name, the same tenant ---


async def test_a_new_name_for_a_known_tenant_is_refused_and_says_how_to_rename(tenants):
    tenant, iccids = await stocked(tenants)
    sold = await tenants.sell("4711", "travel")
    tenants.name({"travel_eu": tenant})

    with pytest.raises(WrongTenant, match="account rename travel travel_eu"):
        await tenants.sell("4711", "travel_eu")
    with pytest.raises(WrongTenant, match="5 endpoints, 1 order"):
        await tenants.provision("travel_eu", iccids[:5])

    assert resources.rename_account("travel", "travel_eu", "a new brand").sentence() == "5 endpoints, 1 order"
    again = await tenants.sell("4711", "travel_eu")
    assert (again.state, again.iccid) == (OrderState.DONE, sold.iccid)
    assert commits(tenant)["activate"] == 1


async def test_a_tenant_that_shows_its_id_is_known_at_another_address_too(tenants):
    tenant, _ = await stocked(tenants)
    again = await tenants.tenant(tenant=tenant.engine.tenant)
    tenants.name({"travel": tenant, "other": again})

    with pytest.raises(WrongTenant, match="account rename travel other"):
        async with resources.session("other") as session:
            await session.platform.login()

    assert commits(again) == {}


@pytest.mark.both
async def test_the_settings_may_allow_two_names_for_one_tenant_and_no_sim_is_sold_twice(tenants):
    tenant, iccids = await stocked(tenants, "one", 3)
    tenants.name({"one": tenant, "two": tenant}, same_tenant_as=["one"])
    await tenants.provision("two", iccids[:4])

    first, second = await tenants.sell("A", "one"), await tenants.sell("B", "two")

    assert first.state is OrderState.DONE
    assert (second.state, second.iccid) == (OrderState.DONE, iccids[3])
    states = dict(
        tenants.see("SELECT state, count(*) FROM operations WHERE account = 'two' AND kind = 'create' GROUP BY 1")
    )
    assert states == {"confirmed": 1, "refused": 3}
    assert resources.names_of_one_tenant() == [("one", "two")]


async def test_what_two_names_recorded_before_there_were_pins_is_sold_by_one_of_them(tenants):
    tenant, iccids = await stocked(tenants, "one", 3)
    tenants.name({"one": tenant, "two": tenant})
    desk = Desk(tenants.store_url)
    desk.do("DELETE FROM account_pins")
    desk.close()
    await _taken_over(tenants, "two", iccids[:3])

    await tenants.sell("A", "one")
    second = await tenants.sell("B", "two")

    assert second.state is OrderState.NO_STOCK
    assert commits(tenant)["activate"] == 1
    plan = planning.plan_selection(ActivateRequest(file="three.csv", group="eu", account="two"))
    assert (plan.new, {left.code for left in plan.left}) == (0, {"other_account"})


async def _taken_over(tenants, account, iccids):
    """The rows as a program without pins left them."""
    (tenants.folder / "three.csv").write_text("\n".join(["iccid", *iccids]) + "\n")
    async with resources.session("one"):
        pass
    desk = Desk(tenants.store_url)
    desk.do("INSERT INTO batches (account, name, tags, created_at) VALUES (:account, 'old', '[]', 0)", account=account)
    desk.do(
        "INSERT INTO endpoints (account, iccid, endpoint_id, name, state, batch_id, updated_at) "
        "SELECT :account, e.iccid, e.endpoint_id, e.name, e.state, b.id, 0 FROM endpoints e "
        "JOIN batches b ON b.account = :account WHERE e.account = 'one'",
        account=account,
    )
    desk.do(
        "INSERT INTO tags (endpoint, tag) SELECT id, 'spring' FROM endpoints WHERE account = :account", account=account
    )
    desk.close()


async def test_a_create_that_both_names_send_at_once_is_recorded_for_one_of_them(tenants):
    tenant, _ = await stocked(tenants, "one", 3)
    tenants.name({"one": tenant, "two": tenant}, same_tenant_as=["one"])
    rows = tenants.see("SELECT iccid, endpoint_id FROM endpoints ORDER BY id")
    async with resources.session("two"):
        pass
    await _recorded_by_answer(tenants, "two", dict(rows))

    found = tenants.see("SELECT state, text FROM operations WHERE account = 'two' AND kind = 'create'")
    assert {state for state, _ in found} == {"needs_human"}
    assert "account one has this endpoint already" in found[0][1]
    assert tenants.see("SELECT count(*) FROM endpoints WHERE account = 'two' AND endpoint_id IS NOT NULL") == [(0,)]


async def _recorded_by_answer(tenants, account, ids):
    """The creates of an account, planned and answered with these ids, as if nobody had looked before."""
    desk = Desk(tenants.store_url)
    listed = [ManifestRow(row_no=n + 2, outcome=Outcome.ACCEPTED, iccid=iccid) for n, iccid in enumerate(ids)]
    change = desk.ingest(manifest(listed), account=account, tags=["spring"]).change
    desk.close()
    async with resources.session(account) as session:
        work = (await session.ledger.step(Scope(change), [], 10)).work
        results = [Result(one, Answer(Verdict.DONE, endpoint_id=ids[one.iccid])) for one in work]
        await session.ledger.step(Scope(change), results, 0)


def test_a_signature_is_for_the_tenant_and_for_what_the_group_stands_for():
    options = Account(base_url="https://a.example/api", groups={"eu": {"addon_plan_id": ADDON}})
    request = ActivateRequest(tag="spring", group="eu", account="travel")
    others = (
        options.model_copy(update={"base_url": "https://b.example/api"}),
        options.model_copy(update={"groups": {"eu": GroupTarget(addon_plan_id=OTHER_ADDON)}}),
    )

    signed = {bound_of(one, request).request for one in (options, *others)}

    assert len(signed) == 3


# --- reports ---


@pytest.mark.both
async def test_reports_of_two_accounts_with_one_batch_name_are_two(tenants):
    first, second = await tenants.tenant(), await tenants.tenant(seed=2)
    tenants.name({"one": first, "two": second})
    for account, tenant in (("one", first), ("two", second)):
        await tenants.provision(account, list(tenant.state.sims)[:2])

    paths = [batch_report(resources.batch_named("march", account)) for account in ("one", "two")]

    assert [path.name for path in paths[0]] == ["march@one-report.xlsx", "march@one-mapping.csv"]
    assert [path.name for path in paths[1]] == ["march@two-report.xlsx", "march@two-mapping.csv"]
    assert paths[0][1].read_text() != paths[1][1].read_text()
    assert [resources.report_stem("march", account) for account in ("one", "two")] == ["march@one", "march@two"]


async def test_the_only_account_stands_in_no_name_of_a_report(tenants):
    await stocked(tenants)

    book, _ = batch_report(resources.batch_named("march", "travel"))
    assert book.name == "march-report.xlsx"


# --- the two honest ways ---


async def test_a_process_that_slept_through_a_renaming_adds_nothing_to_a_trail(tenants):
    tenant, _ = await stocked(tenants)
    async with resources.session("travel") as asleep:
        desk = Desk(tenants.store_url)
        desk.do("UPDATE workers SET heartbeat_at = 0")
        desk.close()
        tenants.name({"travel_eu": tenant})
        resources.rename_account("travel", "travel_eu", "a new brand")
        before = tenants.see("SELECT count(*) FROM attempts")

        with pytest.raises(PreactiveError, match="is called travel_eu by now"):
            await asleep.seller().sell(SellRequest(order="A-1", account="travel", tag="", group=""), within=0)
            await asleep.store.awrite(trail.end_of, "travel")

    assert tenants.see("SELECT count(*) FROM attempts") == before
    assert any("audit trail of travel_eu" in line for line in resources.check_store())


async def test_a_renamed_accounts_trail_stays_whole_and_is_made_again(tenants, tmp_path):
    tenant, _ = await stocked(tenants)
    await tenants.sell("4711", "travel")
    tenants.name({"travel_eu": tenant})
    resources.rename_account("travel", "travel_eu", "a new brand")
    await tenants.sell("4712", "travel_eu")

    (line,) = [line for line in resources.check_store() if "travel" in line]
    assert "audit trail of travel_eu" in line
    assert "unbroken" in line
    assert {row[0] for row in tenants.see("SELECT DISTINCT account FROM attempts")} == {"travel", "travel_eu"}

    source, tenants.store_url = tenants.store_url, f"sqlite:///{tmp_path}/again.db"
    tenants.name({"travel_eu": tenant})
    (made,) = resources.rebuild_store(source, broken_too=False)
    assert (made.account, made.endpoints, made.orders) == ("travel_eu", 5, 2)
    assert any("audit trail of travel_eu" in line for line in resources.check_store())
    assert (await tenants.sell("4711", "travel_eu")).state is OrderState.DONE
    assert commits(tenant)["activate"] == 2


async def test_a_fact_that_is_taken_out_after_a_renaming_is_noticed(tenants):
    tenant, _ = await stocked(tenants)
    tenants.name({"travel_eu": tenant})
    resources.rename_account("travel", "travel_eu", "a new brand")
    desk = Desk(tenants.store_url)
    desk.do("UPDATE attempts SET code = 'changed' WHERE id = 3")
    desk.close()

    with pytest.raises(StoreDamaged, match="fact 3 of account travel_eu"):
        resources.check_store()


async def test_a_renaming_can_be_taken_back(tenants):
    tenant, _ = await stocked(tenants)
    for old, new in (("travel", "other"), ("other", "travel")):
        tenants.name({new: tenant})
        resources.rename_account(old, new, "a mistake")
        await tenants.sell(f"for-{new}", new)

    assert any("audit trail of travel:" in line for line in resources.check_store())
    assert tenants.see("SELECT name, account FROM former_names") == [("other", "travel")]


async def test_a_former_name_is_no_new_account(tenants):
    tenant, _ = await stocked(tenants)
    other = await tenants.tenant()
    tenants.name({"travel_eu": tenant})
    resources.rename_account("travel", "travel_eu", "a new brand")
    tenants.name({"travel": other})

    with pytest.raises(WrongTenant, match="was that of account travel_eu"):
        await tenants.sell("A-1", "travel")


@pytest.mark.parametrize("taken", ["in the settings", "nothing there", "used", "elsewhere", "in use"])
async def test_what_cannot_be_renamed_is_said_and_nothing_is_changed(tenants, taken):
    tenant, iccids = await stocked(tenants)
    other = await tenants.tenant()
    error: type[Exception] = Refused
    if taken == "in the settings":
        tenants.name({"travel": tenant, "new": tenant})
        error = SettingsError
    elif taken == "nothing there":
        tenants.name({"new": tenant})
        with pytest.raises(NothingSelected):
            resources.rename_account("nobody", "new", "why")
        return
    elif taken == "used":
        tenants.name({"new": other})
        await tenants.provision("new", iccids[6:7])
    elif taken == "elsewhere":
        tenants.name({"new": "https://elsewhere.example/api"})
    before = tenants.see("SELECT account, count(*) FROM endpoints GROUP BY 1 ORDER BY 1")
    if taken == "in use":
        async with resources.session("travel"):
            tenants.name({"new": tenant})
            with pytest.raises(Refused, match="is in use by process"):
                resources.rename_account("travel", "new", "why")
    else:
        with pytest.raises(error):
            resources.rename_account("travel", "new", "why")

    assert tenants.see("SELECT account, count(*) FROM endpoints GROUP BY 1 ORDER BY 1") == before


async def test_moved_pins_the_new_address_and_keeps_who_and_why(tenants):
    tenant = await tenants.tenant()
    tenants.name({"travel": tenant}, tenant_claim="")
    await tenants.provision("travel", list(tenant.state.sims)[:2])
    again = await tenants.tenant()
    tenants.name({"travel": again}, tenant_claim="")
    with pytest.raises(WrongTenant):
        await tenants.sell("A-1", "travel")

    resources.move_account("travel", "the platform has a new host")

    async with resources.session("travel") as session:
        await session.platform.login()
    (fact,) = resources.approver_facts()
    assert (fact["event"], fact["name"]) == ("moved", "travel")
    assert tenant.base_url in fact["text"]
    assert again.base_url in fact["text"]
    assert "the platform has a new host, by " in fact["text"]


async def test_moved_is_no_way_to_another_tenant_that_shows_its_id(tenants):
    await stocked(tenants)
    other = await tenants.tenant()
    tenants.name({"travel": other})
    resources.move_account("travel", "a try")

    with pytest.raises(LoginRefused, match="shows tenant"):
        await tenants.sell("A-1", "travel")

    assert commits(other) == {}


# --- groups ---


@pytest.mark.both
async def test_a_look_up_asks_for_the_add_on_that_was_sent(tenants):
    tenant, _ = await stocked(tenants, count=3)
    await _die_behind_the_add_on(tenants, tenant)
    tenants.name({"travel": tenant}, group=OTHER)

    await _swept(tenants)

    sold = [endpoint for endpoint in tenant.state.endpoints.values() if endpoint.addons]
    assert [[addon.plan_id for addon in one.addons] for one in sold] == [[ADDON]]
    assert tenants.see("SELECT state FROM orders") == [("done",)]


async def _die_behind_the_add_on(tenants, tenant):
    tenant.engine.set_faults(_rules({"fault": "hang_after", "route": "SubscribeAddon", "times": 1}))
    await tenants.end_once(lambda: commits(tenant)["subscribe_addon"] == 1, tenants.sell("A-1", "travel"))
    tenant.engine.set_faults(())


async def _swept(tenants):
    for _ in range(20):
        await selling.sweep("travel")
        if tenants.see("SELECT state FROM orders") != [("in_progress",)]:
            return
        await asyncio.sleep(0.2)


def _rules(*rules):
    return SimulatorConfig.model_validate({"faults": rules}).faults


async def test_a_group_with_endpoints_in_it_does_not_change_what_it_stands_for(tenants):
    tenant, _ = await stocked(tenants)
    await tenants.sell("A-1", "travel")
    tenants.name({"travel": tenant}, group=OTHER)

    with pytest.raises(UnusableGroup, match="group moved eu") as refused:
        await tenants.sell("A-2", "travel")
    with pytest.raises(UnusableGroup, match=f"was addon_plan_id {ADDON}"):
        planning.plan_selection(ActivateRequest(tag="spring", group="eu", account="travel"))

    assert refused.value.exit_code == 2
    assert commits(tenant)["subscribe_addon"] == 1


async def test_a_deliberate_move_lets_a_group_stand_for_something_else(tenants):
    tenant, _ = await stocked(tenants)
    await tenants.sell("A-1", "travel")
    tenants.name({"travel": tenant}, group=OTHER)
    resources.move_group("travel", "eu", "a new tariff")

    await tenants.sell("A-2", "travel")

    plans = sorted(addon.plan_id for one in tenant.state.endpoints.values() for addon in one.addons)
    assert plans == [ADDON, OTHER_ADDON]
    assert "a new tariff" in resources.approver_facts()[-1]["text"]


async def test_no_group_is_moved_while_a_change_into_it_is_in_doubt(tenants):
    tenant, _ = await stocked(tenants)
    await _die_behind_the_add_on(tenants, tenant)
    tenants.name({"travel": tenant}, group=OTHER)

    with pytest.raises(Refused, match="1 changes into the group 'eu'"):
        resources.move_group("travel", "eu", "a new tariff")


async def test_a_group_that_nobody_uses_follows_the_settings(tenants):
    tenant, _ = await stocked(tenants)
    async with resources.session("travel") as session:
        await resources.find_group(session, "eu")
    tenants.name({"travel": tenant}, group=OTHER)

    await tenants.sell("A-1", "travel")

    assert [addon.plan_id for one in tenant.state.endpoints.values() for addon in one.addons] == [OTHER_ADDON]


# --- what doctor says ---


async def test_doctor_names_what_the_settings_have_lost(tenants):
    tenant, _ = await stocked(tenants)
    await tenants.sell("A-1", "travel")
    tenants.name({"travel_eu": tenant})

    found = {one.text: (one.ok, one.todo) for one in identities()}

    lost = next(text for text in found if "in no settings" in text)
    assert "account travel is in the store (5 endpoints, 1 order)" in lost
    assert found[lost] == (True, True)
    wrong = next(text for text in found if "account rename travel travel_eu" in text and text != lost)
    assert found[wrong] == (False, False)
