"""An answer counts only for what it names; one that comes when nothing was asked counts for nothing. Both platforms."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from adapters.platforms.sft.naming import About, is_of_another_call, names_another
from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
from adapters.platforms.stacuity import naming
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Verdict
from domain.ports import ReadFailed
from tests.support import sft, stacuity
from tests.support.rewriting_proxy import RewritingProxy, whole
from tests.support.scripted_server import envelope

OTHER = str(UUID(int=7))


class Behind:
    """A client of a simulator that speaks through the proxy, with one endpoint that waits."""

    client: Any

    def __init__(self, simulator: Any, proxy: RewritingProxy, client: Any) -> None:
        self.simulator, self.proxy, self.client = simulator, proxy, client

    async def act(self, kind: Kind, target: str = "") -> Any:
        return await self.client.perform(kind, self.iccid, self.endpoint_id, target=target)

    def commits(self, kind: str) -> int:
        return sum(entry.kind == kind for entry in self.simulator.ledger.entries)

    def once(self, name: str, form: Callable[[Any], Any]) -> None:
        """Change the next answer to this call, and no other."""

        def changed(answer: Any) -> Any:
            del self.proxy.forms[name]
            return form(answer)

        self.proxy.forms[name] = changed

    async def close(self) -> None:
        await self.client.close()
        await self.proxy.stop()
        await self.simulator.stop()


@pytest.fixture
async def on_sft():
    simulator = Simulator(SimulatorConfig.model_validate({**sft.FAST, "stock": 4}))
    await simulator.start()
    proxy = await RewritingProxy(simulator.base_url).start()
    here = Behind(simulator, proxy, sft.Client(proxy.base_url, max_in_flight=1))
    here.iccid, here.other = list(simulator.state.sims)[:2]
    here.endpoint_id = (await here.client.perform(Kind.CREATE, here.iccid)).endpoint_id
    yield here
    await here.close()


@pytest.fixture
async def on_stacuity():
    knobs = {**stacuity.FAST, "stock": 4, "fixtures": "objects", "claim_stock": 0}
    simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
    await simulator.start()
    proxy = await RewritingProxy(simulator.base_url).start()
    here = Behind(simulator, proxy, stacuity.Client(proxy.base_url, max_in_flight=1))
    first, second = list(simulator.estate.endpoints.values())[:2]
    here.iccid, here.endpoint_id, here.other, here.other_id = first.iccid, first.id, second.iccid, second.id
    yield here
    await here.close()


# --- an answer that comes when nothing was asked ---


async def stray(here: Behind, answer: Any, ask: Callable[[], Any]) -> None:
    """Let one more answer come on the connection of a call, when nothing is under way."""
    here.proxy.later.append((0.1, whole(answer)))
    await ask()
    await asyncio.sleep(0.25)


SFT_WRITES = [
    (Kind.ACTIVATE, "", "EndPointActivation"),
    (Kind.ASSIGN, "eu", "SubscribeAddon"),
    (Kind.ASSIGN, "base", "ChangePlan"),
    (Kind.ASSIGN, "label", "createEndpointTag"),
    (Kind.TAG, "t", "createEndpointTag"),
    (Kind.SUSPEND, "", "EndPointLifeCycleChange"),
    (Kind.TERMINATE, "", "DeLinkSim"),
]


@pytest.mark.parametrize(("kind", "target", "route"), SFT_WRITES)
async def test_a_stray_yes_confirms_no_write_on_sft(on_sft, kind, target, route):
    fault = {"fault": "refused", "route": route}
    on_sft.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": [fault]}).faults)
    await stray(on_sft, envelope(), lambda: on_sft.client.platform.sim(on_sft.iccid))

    assert (await on_sft.act(kind, target)).verdict is Verdict.NOT_DONE


async def test_a_stray_answer_is_that_of_no_look_up_on_sft(on_sft):
    platform = on_sft.client.platform
    row = {"iccid": on_sft.iccid, "endPointId": "777", "simStatus": "Active"}
    rows = envelope(responseParam={"rows": [row]}, totalNoOfPages=1)
    for ask, sight in [
        (lambda: platform.sim(on_sft.iccid), lambda found: found.endpoint_id == on_sft.endpoint_id),
        (lambda: platform.sims_page(1), lambda page: len(page.sims) == 4),
        (lambda: platform.assigned(on_sft.endpoint_id, "eu"), lambda count: count == 0),
        (lambda: platform.tags_of(on_sft.endpoint_id), lambda tags: tags == frozenset()),
        (lambda: platform.endpoint_exists(on_sft.endpoint_id), lambda there: there is True),
    ]:
        await stray(on_sft, rows, lambda: platform.sim(on_sft.iccid))
        assert sight(await ask())


@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.SUSPEND, Kind.TERMINATE])
async def test_a_stray_yes_confirms_no_write_on_stacuity(on_stacuity, kind):
    routes = ("assign", "change_status")
    rules = [{"fault": "refused", "route": route} for route in routes]
    on_stacuity.simulator.account.set_faults(StacuityConfig.model_validate({"faults": rules}).faults)
    await on_stacuity.client.platform.pin_group("eu")
    await stray(on_stacuity, {"success": True}, lambda: on_stacuity.client.platform.sim(on_stacuity.iccid))

    assert (await on_stacuity.act(kind, "eu" if kind is Kind.ACTIVATE else "")).verdict is Verdict.NOT_DONE


async def test_a_stray_answer_is_that_of_no_look_up_on_stacuity(on_stacuity):
    platform = on_stacuity.client.platform
    row = {"id": on_stacuity.endpoint_id, "iccid": on_stacuity.iccid, "tags": ["x"], "endpointStatus": {"key": 50}}
    for data in (row, [row]):
        for ask, sight in [
            (lambda: platform.sim(on_stacuity.iccid), lambda found: found.state is Lifecycle.PRE_ACTIVE),
            (lambda: platform.sims_page(1), lambda page: len(page.sims) > 1),
            (lambda: platform.tags_of(on_stacuity.endpoint_id), lambda tags: tags == frozenset()),
            (lambda: platform.assigned(on_stacuity.endpoint_id, "eu"), lambda count: count == 0),
        ]:
            await stray(on_stacuity, {"success": True, "data": data}, lambda: platform.sim(on_stacuity.iccid))
            assert sight(await ask())


# --- an answer that comes in time and names another ---


def names_other_endpoint(answer: Any) -> Any:
    answer["Response"].setdefault("responseParam", {})["endPointId"] = "777"
    return answer


def names_other_iccid(answer: Any) -> Any:
    answer["Response"]["iccid"] = "8944000000000000000"
    return answer


def has_other_code(answer: Any) -> Any:
    answer["Response"]["resultParam"]["resultCode"] = "7001"
    return answer


@pytest.mark.parametrize("form", [names_other_endpoint, names_other_iccid, has_other_code])
@pytest.mark.parametrize(("kind", "target", "route"), [one for one in SFT_WRITES if one[2] != "ChangePlan"])
async def test_a_yes_to_another_write_is_an_unknown_outcome_on_sft(on_sft, kind, target, route, form):
    if kind is Kind.SUSPEND:
        await on_sft.act(Kind.ACTIVATE)
    before = on_sft.proxy.connections
    on_sft.once(route, form)
    answer = await on_sft.act(kind, target)

    assert (answer.verdict, answer.already) == (Verdict.UNKNOWN, False)
    assert "another" in answer.text
    await on_sft.client.platform.sim(on_sft.iccid)
    assert on_sft.proxy.connections == before + 1, "its own answer may still come on that connection"


@pytest.mark.parametrize("code", ["2507", "1254"])
async def test_an_already_of_another_endpoint_is_an_unknown_outcome(on_sft, code):
    other = envelope("1", code, "already", endPointId="777")
    on_sft.once("EndPointActivation", lambda _: other)

    assert (await on_sft.act(Kind.ACTIVATE)).verdict is Verdict.UNKNOWN


async def test_an_addon_of_another_plan_is_an_unknown_outcome(on_sft):
    def other_plan(answer: Any) -> Any:
        answer["Response"]["responseParam"] = {"addonDetails": {"planId": "999"}}
        return answer

    on_sft.once("SubscribeAddon", other_plan)

    assert (await on_sft.act(Kind.ASSIGN, "eu")).verdict is Verdict.UNKNOWN


async def test_a_look_up_that_is_answered_with_another_is_made_again_on_sft(on_sft):
    platform = on_sft.client.platform
    row = {"iccid": on_sft.other, "endPointId": "-", "simStatus": "Ready To Activate"}
    on_sft.once("fetchSIM", lambda _: envelope(responseParam={"rows": [row]}))
    assert (await platform.sim(on_sft.iccid)).endpoint_id == on_sft.endpoint_id

    on_sft.once("GetEndPointProfile", lambda _: envelope(endPointId="777", info={"promotionalPlans": {}}))
    assert await platform.endpoint_exists(on_sft.endpoint_id) is True

    on_sft.once("GetEndPointProfile", lambda _: envelope(code="5014", info={}))
    assert await platform.assigned(on_sft.endpoint_id, "eu") == 0


async def test_a_look_up_that_is_always_answered_with_another_is_not_readable_on_sft(on_sft):
    on_sft.proxy.forms["GetEndPointProfile"] = lambda _: envelope(endPointId="777", info={})

    with pytest.raises(ReadFailed, match="names another endpoint"):
        await on_sft.client.platform.assigned(on_sft.endpoint_id, "eu")


async def test_a_yes_that_names_another_endpoint_is_an_unknown_outcome_on_stacuity(on_stacuity):
    await on_stacuity.client.platform.pin_group("eu")
    for name, kind, target in [("endpointgroup", Kind.ACTIVATE, "eu"), ("status", Kind.SUSPEND, "")]:
        on_stacuity.once(name, lambda _: {"success": True, "data": on_stacuity.other_id})
        assert (await on_stacuity.act(kind, target)).verdict is Verdict.UNKNOWN


async def test_a_look_up_that_is_answered_with_another_is_made_again_on_stacuity(on_stacuity):
    platform, proxy = on_stacuity.client.platform, on_stacuity.proxy
    other = {"id": on_stacuity.other_id, "iccid": on_stacuity.other, "tags": ["x"], "endpointStatus": {"key": 50}}
    on_stacuity.once(on_stacuity.endpoint_id, lambda _: {"success": True, "data": other})
    assert await platform.tags_of(on_stacuity.endpoint_id) == frozenset()

    on_stacuity.once("endpoints", lambda _: {"success": True, "data": [other], "totalItems": 1, "offset": 0})
    assert (await platform.sim(on_stacuity.iccid)).endpoint_id == on_stacuity.endpoint_id

    on_stacuity.once("endpoints", lambda _: {"success": True, "data": [other], "totalItems": 1, "offset": 100})
    assert len((await platform.sims_page(1)).sims) > 1

    proxy.forms[on_stacuity.endpoint_id] = lambda _: {"success": True, "data": other}
    with pytest.raises(ReadFailed, match="another object"):
        await platform.tags_of(on_stacuity.endpoint_id)

    on_stacuity.once("fleet-main", lambda _: {"success": True, "data": {"id": OTHER, "moniker": "fleet-second"}})
    assert (await platform.pin_group("eu")).id != OTHER


# --- what an answer names ---


@pytest.mark.parametrize(
    ("response", "told"),
    [
        ({}, ""),
        ({"iccid": "8944 5F", "endPointId": 12}, ""),
        ({"endpointId": "12", "responseParam": {"planId": ["x"]}}, ""),
        ({"endPointId": "-", "iccid": None}, ""),
        ({"responseParam": {"rows": [{"endPointId": "13"}]}}, "another endpoint (13)"),
        ({"iccid": "89446"}, "another ICCID (89446)"),
        ({"plans": [{"planId": "9"}, {"planId": "1"}]}, ""),
        ({"plans": [{"planId": "9"}]}, "another plan (9)"),
        ({"tagName": "b"}, "another tag (b)"),
    ],
)
def test_only_what_is_named_is_compared(response, told):
    asked = About(iccid="89445", endpoint_id="12", plan_id="1", tag="a")

    assert told in names_another(asked, response)
    assert bool(told) == bool(names_another(asked, response))


@pytest.mark.parametrize(
    ("call", "code", "other"),
    [
        ("activate", "5014", False),
        ("activate", "5017", False),
        ("activate", "6413", True),
        ("delete", "6413", True),
        ("addon", "0", False),
        ("addon", "5014", True),
        ("sims", "10159", True),
        ("create", "5014", False),
        ("attach_tag", "10149", False),
    ],
)
def test_the_code_of_a_success_tells_whose_it_is(call, code, other):
    assert is_of_another_call(call, code) is other


def test_an_object_of_stacuity_is_known_by_id_or_moniker():
    assert naming.names_another({"ID": OTHER, "moniker": "Main"}, "main") == ""
    assert naming.names_another({"id": OTHER}, "E1") != ""
    assert naming.names_another(OTHER, "E1") != ""
    assert [naming.names_another(data, "E1") for data in ("Updated", None, [], {}, 7)] == [""] * 5
    assert json.dumps(naming.names_another({"id": "\x1b[2J<b>"}, "E1")).count("u001b") == 0
