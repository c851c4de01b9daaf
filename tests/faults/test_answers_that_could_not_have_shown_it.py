"""What an answer does not show is absent only when such an answer could have shown it. The platform's ledger judges."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from adapters.platforms.sft.client import SftPlatform
from adapters.platforms.simulator import Simulator, SimulatorConfig
from adapters.store import readback
from adapters.store.controls import StoredControls
from domain.operation import State, Work
from domain.options import Account
from domain.ports import ReadFailed, Scope
from domain.readback import check_tags
from domain.reconcile import read_account
from domain.survey import survey
from tests.support.job import NAME, Job
from tests.support.rewriting_proxy import RewritingProxy
from tests.support.sft import ACCOUNT, FAST

SETTLED = (State.CONFIRMED, State.NEEDS_HUMAN, State.REFUSED)


class Bench:
    """A simulator behind a proxy, a real store, and one process after another that works for the account."""

    def __init__(self, simulator: Simulator, proxy: RewritingProxy, store_url: str) -> None:
        self.simulator, self.proxy, self.store_url = simulator, proxy, store_url
        quick = {"deadline_seconds": 0.4, "read_deadline_seconds": 2, "settle_seconds": 0.3}
        self.account = Account.model_validate({**ACCOUNT, **quick, "base_url": proxy.base_url})
        self.iccids = list(simulator.state.sims)
        self.job: Job | None = None

    async def process(self) -> Job:
        """A new process: nothing that another one saw is known to it."""
        await self.close()
        self.job = Job(self.store_url, self.account)
        await self.job.open()
        controls = StoredControls(self.job.store, NAME)
        self.platform = SftPlatform(self.account, self.job.pacer, controls=controls)
        return self.job

    async def close(self) -> None:
        if self.job is not None:
            await self.platform.close()
            await self.job.close()
            self.job = None

    async def finish(self, scope: Scope) -> dict[State, int]:
        assert self.job is not None
        await self.job.finish(self.platform, scope, until=SETTLED)
        return dict((await self.job.ledger.outlook(scope)).counts)

    async def waiting(self, count: int) -> None:
        """So many pre-active endpoints."""
        job = await self.process()
        assert await self.finish(job.batch(self.iccids[:count])) == {State.CONFIRMED: 2 * count}

    async def in_group(self, count: int = 1) -> dict[State, int]:
        """Let so many in all be active and have the add-on."""
        assert self.job is not None
        return await self.finish(self.job.activation("b", "eu", count))

    def commits(self, kind: str) -> int:
        return sum(entry.kind == kind for entry in self.simulator.ledger.entries)

    def texts(self) -> set[str]:
        assert self.job is not None
        with self.job.store._engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT text FROM operations WHERE state = 'needs_human'")
            return set(rows.scalars())


@pytest.fixture
async def bench(store_url: str) -> AsyncIterator[Bench]:
    simulator = Simulator(SimulatorConfig.model_validate({**FAST, "stock": 12}))
    await simulator.start()
    proxy = await RewritingProxy(simulator.base_url).start()
    made = Bench(simulator, proxy, store_url)
    yield made
    await made.close()
    await proxy.stop()
    await simulator.stop()


def moved_to_response_param(answer: Any) -> Any:
    """The profile's data stands elsewhere."""
    response = answer["Response"]
    if "info" in response:
        response["responseParam"] = response.pop("info")
    return answer


def without_addons(answer: Any) -> Any:
    """A profile that never lists add-ons."""
    answer["Response"].get("info", {}).pop("promotionalPlans", None)
    return answer


def other_names(answer: Any) -> Any:
    """Add-ons without the name of their plan."""
    for plan in answer["Response"].get("info", {}).get("promotionalPlans", {}).get("plan", []):
        plan["plan"] = plan.pop("planId")
    return answer


# --- add-ons: each costs money ---


@pytest.mark.parametrize("form", [moved_to_response_param, without_addons, other_names])
async def test_an_addon_is_not_bought_again_because_profiles_do_not_show_any(
    bench: Bench, form: Callable[[Any], Any]
) -> None:
    bench.proxy.forms["GetEndPointProfile"] = form
    await bench.waiting(1)
    bench.proxy.lost.append("SubscribeAddon")

    counts = await bench.in_group()

    assert bench.commits("subscribe_addon") == 1
    assert counts == {State.CONFIRMED: 1, State.NEEDS_HUMAN: 1}
    assert any("show" in text for text in bench.texts())


async def test_the_first_addon_of_an_account_whose_answer_is_lost_is_found(bench: Bench) -> None:
    await bench.waiting(1)
    bench.proxy.lost.append("SubscribeAddon")

    assert await bench.in_group() == {State.CONFIRMED: 2}
    assert bench.commits("subscribe_addon") == 1


async def lost_before_it_was_done(bench: Bench, count: int = 1) -> dict[State, int]:
    """A subscription that the platform never carries out."""
    fault = {"fault": "reset_before", "route": "SubscribeAddon", "nth": 1}
    bench.simulator.engine.set_faults(SimulatorConfig.model_validate({"faults": [fault]}).faults)
    return await bench.in_group(count)


async def test_an_absent_addon_is_evidence_once_a_profile_showed_one_to_another_process(bench: Bench) -> None:
    """The store knows an endpoint that has an add-on, and its profile is the control."""
    await bench.waiting(2)
    assert await bench.in_group() == {State.CONFIRMED: 2}
    await bench.process()

    assert await lost_before_it_was_done(bench, 2) == {State.CONFIRMED: 4}
    assert bench.commits("subscribe_addon") == 2


async def test_an_absent_addon_proves_nothing_on_an_account_where_none_was_ever_seen(bench: Bench) -> None:
    await bench.waiting(1)

    assert await lost_before_it_was_done(bench) == {State.CONFIRMED: 1, State.NEEDS_HUMAN: 1}
    assert bench.commits("subscribe_addon") == 0


async def test_a_form_that_changes_later_is_noticed_by_the_next_process(bench: Bench) -> None:
    """What was once seen proves nothing of the answers of today."""
    await bench.waiting(2)
    await bench.in_group()
    bench.proxy.forms["GetEndPointProfile"] = without_addons
    await bench.process()
    bench.proxy.lost.append("SubscribeAddon")

    assert await bench.in_group(2) == {State.CONFIRMED: 3, State.NEEDS_HUMAN: 1}
    assert bench.commits("subscribe_addon") == 2


# --- tags ---


def rows_of_tags(rows: Any) -> Callable[[Any], Any]:
    def form(answer: Any) -> Any:
        answer["Response"]["responseParam"] = {"rows": rows}
        return answer

    return form


async def tagged(bench: Bench, count: int) -> list[Work]:
    """What a batch of tagged endpoints has to be looked at for."""
    await bench.waiting(count)
    assert bench.job is not None
    owner, change = bench.job.ledger.owner, 1
    return bench.job.store.write(readback.tags_unread, owner, change)


@pytest.mark.parametrize("rows", [[], ["b"], [{"tag": "b"}], None])
async def test_tags_in_a_form_that_is_not_known_are_not_called_missing(bench: Bench, rows: Any) -> None:
    bench.proxy.forms["GetEndpointTag"] = rows_of_tags(rows)
    works = await tagged(bench, 3)

    assert len(works) == 3
    assert await check_tags(bench.platform, works, everything=True) == []


async def test_a_tag_that_is_missing_where_others_are_shown_goes_to_a_person(bench: Bench) -> None:
    works = await tagged(bench, 3)
    lost = works[1].endpoint_id or ""
    world = bench.simulator.engine.platform.world
    world.untag(world.endpoints[lost], "b")

    found = await check_tags(bench.platform, works, everything=True)

    assert [(one.endpoint_id, one.text) for one in found] == [(lost, "the platform does not show the tag")]


async def test_tags_of_another_endpoint_are_nobody_elses(bench: Bench) -> None:
    """A filter that is ignored would show the tag of any endpoint as that of each."""
    await bench.waiting(1)
    bench.proxy.forms["GetEndpointTag"] = rows_of_tags([{"endpointId": "7", "tagName": "x"}])
    endpoint_id = bench.simulator.state.sims[bench.iccids[0]].endpoint_id or ""
    assert await bench.platform.tags_of(endpoint_id) is None

    rows = [{"endpointId": "7", "tagName": "x"}, {"endpointId": endpoint_id, "tagName": "b"}]
    bench.proxy.forms["GetEndpointTag"] = rows_of_tags(rows)
    assert await bench.platform.tags_of(endpoint_id) == {"b"}


# --- the end of an endpoint ---


def nothing_found(answer: Any) -> Any:
    """A profile that is refused is answered with "no data"."""
    if answer["Response"]["resultCode"] == "1":
        answer["Response"]["resultParam"] = {"resultCode": "1359", "resultDescription": "No data available"}
    return answer


def empty_success(answer: Any) -> Any:
    """A profile that is refused is answered with a yes that holds nothing."""
    if answer["Response"]["resultCode"] == "1":
        answer["Response"] |= {"resultCode": "0", "resultParam": {"resultCode": "0", "resultDescription": ""}}
    return answer


@pytest.mark.parametrize(
    ("form", "state"), [(nothing_found, State.CONFIRMED), (empty_success, State.NEEDS_HUMAN)], ids=["no data", "yes"]
)
async def test_a_finished_termination_whose_answer_was_lost(bench: Bench, form: Any, state: State) -> None:
    bench.proxy.forms["GetEndPointProfile"] = form
    await bench.waiting(2)
    bench.proxy.lost.append("DeleteEndPoint")
    assert bench.job is not None

    assert await bench.finish(bench.job.ending("b", 1)) == {state: 1}
    assert (bench.commits("delink"), bench.commits("delete")) == (1, 1)


# --- SIMs ---


def without_rows(answer: Any) -> Any:
    """No SIM found: a yes without rows."""
    response = answer["Response"]
    if not response.get("responseParam", {}).get("rows"):
        response.pop("responseParam", None)
        response["totalNoOfPages"] = "0"
    return answer


def without_row_list(answer: Any) -> Any:
    response = answer["Response"]
    if not response.get("responseParam", {}).get("rows"):
        response["responseParam"] = {"rows": None}
        response.pop("totalNoOfPages", None)
    return answer


@pytest.mark.parametrize("form", [without_rows, without_row_list])
async def test_a_sim_that_is_not_there_may_be_told_by_a_yes_without_rows(bench: Bench, form: Any) -> None:
    bench.proxy.forms["fetchSIM"] = form
    await bench.process()

    assert await bench.platform.sim("8944000000000000000") is None
    assert (await bench.platform.sim(bench.iccids[0])) is not None


async def test_a_yes_without_rows_proves_nothing_where_the_filter_finds_nothing(bench: Bench) -> None:
    def nothing(answer: Any) -> Any:
        return without_rows({"Response": answer["Response"] | {"responseParam": {}}})

    await bench.process()
    bench.proxy.forms["fetchSIM"] = nothing
    with pytest.raises(ReadFailed):
        await bench.platform.sim(bench.iccids[0])


def without_count(answer: Any) -> Any:
    answer["Response"].pop("totalNoOfPages", None)
    return answer


async def test_a_list_without_a_count_of_pages_is_read_until_a_page_is_empty(bench: Bench) -> None:
    """The server gives two rows at once, whatever it is asked for."""
    bench.simulator.engine.platform.config = bench.simulator.config.model_copy(update={"max_per_page": 2})
    bench.proxy.forms["fetchSIM"] = without_count
    await bench.process()

    seen = await survey(bench.platform, bench.iccids, chase=False)

    assert seen.by_page
    assert seen.sims.keys() == set(bench.iccids)
    assert len(await read_account(bench.platform)) == len(bench.iccids)
