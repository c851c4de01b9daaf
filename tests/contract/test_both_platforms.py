"""One suite over both adapters and both simulators: what the flows rely on, whichever platform they drive."""

import re

import pytest

from adapters.platforms.sft.client import SftPlatform
from adapters.platforms.stacuity.client import StacuityPlatform
from domain.capabilities import CAPABILITIES
from domain.carry import carry_out
from domain.doubt import Sight
from domain.ending import look
from domain.errors import LoginRefused, UnknownGroup
from domain.lifecycle import Kind, Lifecycle
from domain.operation import REPEATABLE, State
from domain.outcome import Because, Verdict
from domain.ports import GroupKeeper, Platform, ReadFailed
from domain.sight import before_write
from domain.survey import survey
from tests.contract.rigs import COUNT, SftRig, StacuityRig
from tests.docs.pages import ROOT

RIGS = {"sft": SftRig, "stacuity": StacuityRig}


@pytest.fixture(params=RIGS)
async def open_rig(request):
    """Opens the platform, with settings of one's own."""
    opened = []

    async def begin(**settings):
        opened.append(await RIGS[request.param].open(**settings))
        return opened[-1]

    yield begin
    for rig in opened:
        await rig.close()


@pytest.fixture
async def rig(open_rig):
    return await open_rig()


async def stock(rig, number=0):
    """The id of a pre-active endpoint of the n-th SIM."""
    answer = await rig.performed(Kind.CREATE, rig.iccids[number])
    assert answer.verdict is Verdict.DONE, answer
    return answer.endpoint_id


def test_an_adapter_has_everything_that_the_ports_ask_for():
    names = {name for port in (Platform, GroupKeeper) for name in vars(port) if not name.startswith("_")}

    assert [name for name in names for one in (SftPlatform, StacuityPlatform) if not hasattr(one, name)] == []


def test_flows_tasks_and_commands_name_no_platform_but_where_one_is_opened():
    opens = ROOT / "tasks" / "resources" / "session.py"
    names = re.compile(r"stacuity|sft", re.IGNORECASE)
    files = [file for folder in ("flows", "tasks") for file in (ROOT / folder).rglob("*.py") if file != opens]

    assert len(files) > 30
    assert [str(file) for file in files if names.search(file.read_text())] == []


async def test_capabilities_are_data_on_the_adapter(rig):
    known = CAPABILITIES[rig.account.platform]

    assert rig.platform.capabilities == known
    assert rig.platform.capabilities.activates_by_assignment == (rig.account.platform == "stacuity")


async def test_a_wrong_credential_is_refused_and_a_good_one_is_taken(open_rig):
    good = await open_rig()
    await good.platform.login()
    bad = await open_rig(password="wrong", token="0" * 32)
    with pytest.raises(LoginRefused):
        await bad.platform.login()


async def test_every_sim_is_on_exactly_one_page(rig):
    first = await rig.platform.sims_page(1)
    seen = [sim.iccid for page in range(1, first.pages + 1) for sim in (await rig.platform.sims_page(page)).sims]

    assert first.pages == 3
    assert sorted(seen) == sorted(rig.iccids)
    assert len(seen) == COUNT


async def test_a_sim_is_found_by_its_whole_iccid_and_an_unknown_one_is_none(rig):
    await stock(rig)
    found = await rig.platform.sim(rig.iccids[0])

    assert (found.iccid, found.state) == (rig.iccids[0], Lifecycle.PRE_ACTIVE)
    assert await rig.platform.sim("8944999999999999995") is None


async def test_what_is_created_is_pre_active_and_the_survey_shows_it_with_the_same_id(rig):
    endpoint_id = await stock(rig, 3)
    seen = (await survey(rig.platform, rig.iccids)).sims

    assert seen[rig.iccids[3]].endpoint_id == endpoint_id
    assert rig.true_state(rig.iccids[3]) == "pre_active"


async def test_a_sim_that_the_platform_does_not_have_is_refused(rig):
    answer = await rig.performed(Kind.CREATE, "8944999999999999995")

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.REFUSED)
    assert answer.text


async def test_a_tag_is_added_once_and_leaves_the_others(rig):
    endpoint_id = await stock(rig)
    for tag in ("march", "batch-0001", "march"):
        await rig.platform.prepare_tag(tag)
        await rig.performed(Kind.TAG, rig.iccids[0], endpoint_id, tag)

    assert await rig.platform.tags_of(endpoint_id) == {"march", "batch-0001"}


async def test_a_tag_that_another_one_begins_with_is_another_tag(rig):
    endpoint_id = await stock(rig)
    await rig.performed(Kind.TAG, rig.iccids[0], endpoint_id, "batch-00010")

    assert await rig.platform.tags_of(endpoint_id) == {"batch-00010"}
    await rig.performed(Kind.TAG, rig.iccids[0], endpoint_id, "batch-0001")
    assert await rig.platform.tags_of(endpoint_id) == {"batch-0001", "batch-00010"}


async def test_an_activated_and_grouped_endpoint_is_active_and_in_the_group_once(rig):
    endpoint_id = await stock(rig)
    await rig.platform.pin_group(rig.group)
    activated = await rig.performed(Kind.ACTIVATE, rig.iccids[0], endpoint_id, rig.group)
    if not rig.platform.capabilities.activates_by_assignment:
        await rig.performed(Kind.ASSIGN, rig.iccids[0], endpoint_id, rig.group)
    seen = await rig.platform.sim(rig.iccids[0])

    assert activated.verdict is Verdict.DONE
    assert (seen.state, seen.is_in(rig.group)) == (Lifecycle.ACTIVE, True)
    assert await rig.platform.assigned(endpoint_id, rig.group) == 1
    assert await rig.platform.assigned(endpoint_id, rig.other_group) == 0


async def active(rig, number=0):
    """The id of an active endpoint of the n-th SIM."""
    endpoint_id = await stock(rig, number)
    await rig.platform.pin_group(rig.group)
    answer = await rig.performed(Kind.ACTIVATE, rig.iccids[number], endpoint_id, rig.group)
    assert answer.verdict is Verdict.DONE, answer
    return endpoint_id


async def test_an_active_endpoint_is_suspended_and_resumed_and_the_platform_shows_each(rig):
    endpoint_id = await active(rig)
    for kind, state in ((Kind.SUSPEND, Lifecycle.SUSPENDED), (Kind.RESUME, Lifecycle.ACTIVE)):
        answer = await rig.performed(kind, rig.iccids[0], endpoint_id)
        seen = await rig.platform.sim(rig.iccids[0])

        assert (answer.verdict, seen.endpoint_id, seen.state) == (Verdict.DONE, endpoint_id, state)
        assert rig.true_state(rig.iccids[0]) == state


@pytest.mark.parametrize("before", [stock, active], ids=["pre-active", "active"])
async def test_a_terminated_endpoint_is_gone_and_nothing_is_sent_a_second_time(rig, before):
    await stock(rig, 1)  # one that is shown, so that the other one's absence means something
    endpoint_id = await before(rig)
    answer = await carry_out(rig.platform, rig.work(Kind.TERMINATE, rig.iccids[0], endpoint_id))
    writes = rig.writes()
    again = await rig.tried_again(Kind.TERMINATE, rig.iccids[0], endpoint_id)

    assert answer.verdict is Verdict.DONE, answer
    assert rig.true_state(rig.iccids[0]) in ("stock", "terminated")
    assert (await look(rig.platform, rig.iccids[0], endpoint_id)).sight is Sight.PRESENT
    assert (again.verdict, again.already, rig.writes()) == (Verdict.DONE, True, writes)


async def test_a_waiting_endpoint_cannot_be_suspended(rig):
    endpoint_id = await stock(rig)
    answer = await rig.performed(Kind.SUSPEND, rig.iccids[0], endpoint_id)

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.REFUSED)
    assert rig.true_state(rig.iccids[0]) == "pre_active"


@pytest.mark.parametrize("kind", sorted(REPEATABLE))
async def test_what_is_said_to_be_repeatable_can_be_repeated(rig, kind):
    """The first attempt was carried out and its answer lost; the second is done too, and leaves what one would."""
    endpoint_id = await active(rig) if kind in (Kind.SUSPEND, Kind.RESUME) else await stock(rig)
    if kind is Kind.RESUME:
        await rig.performed(Kind.SUSPEND, rig.iccids[0], endpoint_id)
    await rig.platform.pin_group(rig.group)
    target = {Kind.ACTIVATE: rig.group, Kind.TAG: "march"}.get(kind, "")
    first = await rig.performed(kind, rig.iccids[0], endpoint_id, target)
    second = await rig.tried_again(kind, rig.iccids[0], endpoint_id, target)

    assert (first.verdict, second.verdict) == (Verdict.DONE, Verdict.DONE), second
    states = {Kind.TAG: "pre_active", Kind.SUSPEND: "suspended"}
    assert rig.true_state(rig.iccids[0]) == states.get(kind, "active")
    assert kind is not Kind.TAG or await rig.platform.tags_of(endpoint_id) == {"march"}


@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.SUSPEND, Kind.RESUME, Kind.TAG])
async def test_a_second_attempt_that_is_refused_is_looked_into_before_that_is_believed(rig, kind):
    endpoint_id = await active(rig)
    if kind is Kind.SUSPEND:
        await rig.performed(Kind.SUSPEND, rig.iccids[0], endpoint_id)
    await rig.performed(Kind.TAG, rig.iccids[0], endpoint_id, "march")
    target = {Kind.ACTIVATE: rig.group, Kind.TAG: "march"}.get(kind, "")
    rig.break_writes("refused")
    answer = await rig.tried_again(kind, rig.iccids[0], endpoint_id, target)

    assert (answer.verdict, answer.already) == (Verdict.DONE, True), answer


async def test_two_endpoints_for_one_sim_are_rivals_by_look_up_and_by_page_and_nobody_ends_one(rig):
    endpoint_id = await stock(rig)
    rig.add_rival(rig.iccids[0])
    by_page = (await survey(rig.platform, rig.iccids)).sims[rig.iccids[0]]
    before = rig.writes()
    for seen in (await rig.platform.sim(rig.iccids[0]), by_page):
        assert endpoint_id in {seen.endpoint_id, *seen.rivals}
        assert len(seen.rivals) == 1
        assert before_write(rig.work(Kind.CREATE, rig.iccids[0]), seen, "sft").state is State.NEEDS_HUMAN
    answer = await carry_out(rig.platform, rig.work(Kind.TERMINATE, rig.iccids[0], endpoint_id))

    assert (answer.because, rig.writes()) == (Because.CONTRADICTION, before)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("hang_after", Verdict.UNKNOWN),
        ("hang_before", Verdict.UNKNOWN),
        ("reset_after", Verdict.UNKNOWN),
        ("reset_before", Verdict.UNKNOWN),
        ("cut_body", Verdict.UNKNOWN),
        ("html_502", Verdict.UNKNOWN),
        ("error_after", Verdict.UNKNOWN),
        ("unavailable", Verdict.UNKNOWN),
        ("redirect", Verdict.UNKNOWN),
        ("throttle", Verdict.NOT_DONE),
        ("forbidden", Verdict.NOT_DONE),
        ("refused", Verdict.NOT_DONE),
    ],
)
async def test_a_write_is_sent_once_and_what_is_not_known_is_unknown(open_rig, fault, verdict):
    rig = await open_rig(deadline_seconds=0.3)
    endpoint_id = await stock(rig)
    await rig.platform.pin_group(rig.group)
    details = {"seconds": 0.5} if fault.startswith("hang") else {"retry_after": "0.01"} if fault == "throttle" else {}
    rig.break_writes(fault, **details)
    before = rig.writes()
    answer = await rig.performed(Kind.ACTIVATE, rig.iccids[0], endpoint_id, rig.group)

    assert answer.verdict is verdict
    assert rig.writes() - before == 1


async def test_a_read_without_a_usable_answer_is_no_empty_answer(open_rig):
    rig = await open_rig(read_deadline_seconds=0.2)
    endpoint_id = await stock(rig)
    await rig.close()
    with pytest.raises(ReadFailed):
        await rig.platform.sim(rig.iccids[0])
    with pytest.raises(ReadFailed):
        await rig.platform.sims_page(1)
    assert endpoint_id


async def test_an_unknown_group_is_refused_by_name(rig):
    with pytest.raises(UnknownGroup, match="no-such"):
        await rig.platform.pin_group("no-such-group")


async def test_groups_can_be_listed_and_shown(rig):
    listed = await rig.platform.groups()
    one = await rig.platform.group(listed[0].moniker)

    assert one.moniker == listed[0].moniker
    assert one.name


async def test_writes_on_this_machine_need_no_permission(rig):
    rig.platform.check_writes()


async def test_no_answer_and_no_representation_holds_a_secret(rig):
    secrets = {rig.account.password.get_secret_value(), rig.account.token.get_secret_value()} - {""}
    endpoint_id = await stock(rig)
    rig.break_writes("forbidden")
    answer = await rig.performed(Kind.TAG, rig.iccids[0], endpoint_id, "march")
    texts = f"{answer} {rig.platform!r} {rig.account!r} {vars(rig.platform)!r}"

    assert [secret for secret in secrets if secret in texts] == []
