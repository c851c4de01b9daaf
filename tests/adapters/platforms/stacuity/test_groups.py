"""Groups as the client uses and makes them: a name stays with its id, and a refusal is explained by looking."""

from dataclasses import replace

import pytest

from adapters.platforms.stacuity.client import StacuityPlatform
from domain.errors import UnusableGroup, UsageError
from domain.groups import Draft
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict

DONE = Verdict.DONE
DRAFT = Draft("Meters", "meters-eu", "vslice-main", "integrated", "internet-main")

# --- one name, one id ---


@pytest.fixture
async def later_run(stacuity):
    """Opens the client of a later run, which knows what names stood for when they were first used."""
    opened = []

    def begin(**known):
        opened.append(StacuityPlatform(stacuity.account, stacuity.pacer, known))
        return opened[-1]

    yield begin
    for platform in opened:
        await platform.close()


async def test_what_was_planned_goes_into_the_group_that_the_name_stood_for(stacuity, later_run):
    group, one = stacuity.group(), stacuity.endpoint(0)
    group.moniker, stacuity.group("fleet-second").moniker = "renamed-group", "fleet-main"
    platform = later_run(eu=group.id)
    answer = await platform.perform(stacuity.work(Kind.ACTIVATE, one.iccid, one.id, target="eu"))
    seen = await platform.sim(one.iccid)

    assert (answer.verdict, one.group) == (DONE, group.id)
    assert seen.groups == {"eu", "renamed-group", group.id}


async def test_an_endpoint_is_shown_in_the_group_that_a_name_was_kept_for_and_not_in_a_namesake(stacuity, later_run):
    meant, namesake = stacuity.group(), stacuity.group("fleet-second")
    platform = later_run(eu=meant.id, **{"fleet-main": meant.id})
    meant.moniker, namesake.moniker = "renamed-group", "fleet-main"
    await stacuity.act(Kind.ACTIVATE, 0, namesake.id)
    idle, new = stacuity.endpoint("idle"), stacuity.endpoint(0)

    assert (await platform.sim(idle.iccid)).groups == {"eu", "fleet-main", "renamed-group", meant.id}
    assert (await platform.sim(new.iccid)).groups == {namesake.id}


async def test_what_was_planned_for_a_group_that_is_gone_goes_nowhere(stacuity, later_run):
    one = stacuity.endpoint(0)
    answer = await later_run(eu="another-id").perform(stacuity.work(Kind.ACTIVATE, one.iccid, one.id, target="eu"))

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.GROUP)
    assert "was another-id when it was first used, and the platform has no such group" in answer.text
    assert stacuity.requests("assign") == 0


@pytest.mark.parametrize(("moniker", "word"), [("renamed-group", "no group is called so"), ("fleet-main", "is .* now")])
async def test_who_names_a_group_anew_must_mean_the_one_that_it_was(stacuity, later_run, moniker, word):
    group = stacuity.group("fleet-second")
    stacuity.group().moniker = "someone-else"
    stacuity.group("video-apn").moniker = "no-matter"
    group.moniker = moniker
    platform = later_run(eu="first-id")
    with pytest.raises(UnusableGroup, match=f"was first-id when it was first used, and {word}.*Say --group first-id"):
        await platform.pin_group("eu", group_id="first-id")


async def test_a_group_found_by_its_id_is_still_compared_when_somebody_names_it(stacuity, later_run):
    group = stacuity.group()
    platform = later_run(eu=group.id)
    group.moniker = "renamed-group"
    await platform.pin_group("eu")
    with pytest.raises(UnusableGroup, match="no group is called so now"):
        await platform.pin_group("eu", group_id=group.id)


# --- whose fault a refusal is ---


@pytest.mark.parametrize("trouble", ["routing", "gone", "full", ""])
async def test_a_refusal_is_the_groups_only_when_the_group_is_found_wanting(stacuity, trouble):
    await stacuity.platform.pin_group("eu")
    group = stacuity.group()
    stacuity.faults({"fault": "refused", "route": "assign", "times": 1})
    if trouble == "routing":
        group.routing_policy = None
    elif trouble == "gone":
        del stacuity.estate.groups[group.id]
    elif trouble == "full":
        group.subnet = "10.9.9.0/31"
    answer = await stacuity.act(Kind.ACTIVATE, 0, "eu")

    assert answer.because is (Because.GROUP if trouble else Because.REFUSED)


async def test_refusals_one_after_the_other_are_explained_by_one_look(stacuity):
    await stacuity.platform.pin_group("eu")
    stacuity.faults({"fault": "refused", "route": "assign", "times": 5})
    before = stacuity.requests("read_object")
    answers = [await stacuity.act(Kind.ACTIVATE, number, "eu") for number in range(5)]

    assert {answer.because for answer in answers} == {Because.REFUSED}
    assert stacuity.requests("read_object") - before == 2, "the group and its VSlice"


# --- making groups ---


async def test_a_group_is_made_with_a_routing_policy_of_its_vslice(stacuity):
    made = await stacuity.platform.create_group(DRAFT)

    assert (made.moniker, made.has_routing_policy) == ("meters-eu", True)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("internet-alt", "The routing policy internet-alt is of VSlice vslice-alt, not of vslice-main."),
        ("no-such-policy", "There is no routing policy 'no-such-policy'."),
    ],
)
async def test_a_routing_policy_of_another_vslice_is_told_before_anything_is_sent(stacuity, policy, words):
    with pytest.raises(UsageError, match=words):
        await stacuity.platform.create_group(replace(DRAFT, routing_policy=policy))

    assert stacuity.simulator.account.stats.write_requests == 0


async def test_a_moniker_that_is_taken_is_told_by_its_name_before_anything_is_sent(stacuity):
    taken = await stacuity.platform.group("fleet-main")

    with pytest.raises(UsageError, match=f"The moniker 'fleet-main' is that of the group {taken.id} already"):
        await stacuity.platform.check_draft(replace(DRAFT, moniker="fleet-main"))
    await stacuity.platform.check_draft(DRAFT)

    assert stacuity.simulator.account.stats.write_requests == 0


async def test_a_group_shows_what_it_can_never_change_and_its_policies(stacuity):
    made = await stacuity.platform.create_group(DRAFT)

    shown = (made.subscription_type, made.routing_policy, made.regional_policy)
    assert shown == (DRAFT.subscription_type, DRAFT.routing_policy, DRAFT.regional_policy)


async def test_a_policy_that_cannot_be_read_is_left_to_the_platform(stacuity):
    stacuity.faults({"fault": "forbidden", "route": "read_object", "nth": [2]})

    assert (await stacuity.platform.create_group(DRAFT)).moniker == "meters-eu"
