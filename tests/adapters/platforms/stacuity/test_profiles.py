"""What the client does under each fault profile of the simulator, with a real store where a run is needed.

`test_every_profile.py` plays a whole course under each, by its name.
"""

import asyncio

import pytest

from adapters.platforms.simulator.stacuity.profiles import PROFILES
from adapters.platforms.stacuity.client import StacuityPlatform
from domain import sight
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Because, Verdict
from domain.survey import survey
from tests.docs.pages import DOCS, section, table
from tests.support.job import Job

COUNT = 12
HASTY = {"deadline_seconds": 0.3, "settle_seconds": 0.3, "max_in_flight": 4, "rate_per_second": 2000}


@pytest.fixture
async def run(start, quick_path, prepared_file):
    """Starts a platform and a store; returns both, with a client that shares the store's rate."""
    opened = []

    async def begin(knobs=None, **settings):
        here = {"stock": COUNT, "fixtures": "objects"} | (knobs or {})
        stacuity = await start(knobs=here, **(HASTY | settings))
        job = Job(f"sqlite:///{quick_path}/store.db", stacuity.account)
        await job.open()
        platform = StacuityPlatform(stacuity.account, job.pacer)
        opened.append((job, platform))
        return stacuity, job, platform

    yield begin
    for job, platform in opened:
        await platform.close()
        await job.close()


def assigned(stacuity):
    """How often each SIM was truly put into a group."""
    entries = [entry.iccid for entry in stacuity.simulator.ledger.entries if entry.kind == "assign"]
    return {iccid: entries.count(iccid) for iccid in entries}


def test_every_profile_is_explained():
    rows = {row[0].strip("`") for row in table(section(DOCS / "simulator.md", "Profiles of Stacuity"), "profile")}

    assert rows | {"none"} == set(PROFILES)


async def test_timeout_after_commit_each_endpoint_is_assigned_once_and_the_doubt_is_settled_by_looking(run):
    stacuity, job, platform = await run()
    await job.finish(platform, job.batch(stacuity.iccids))
    stacuity.faults({"fault": "hang_after", "route": "assign", "nth": [2, 5, 6], "seconds": 1.0})
    await job.finish(platform, job.activation("b", "eu"))

    assert assigned(stacuity) == dict.fromkeys(stacuity.iccids, 1)
    assert stacuity.requests("assign") == COUNT, "nothing was sent twice"


async def test_timeout_after_commit_of_an_edit_leaves_each_tag_once(run):
    stacuity, job, platform = await run()
    stacuity.faults({"fault": "hang_after", "route": "edit", "nth": [1, 4], "seconds": 1.0})
    await job.finish(platform, job.batch(stacuity.iccids, tags=("b", "march")))

    assert {tuple(sorted(one.tags)) for one in stacuity.estate.endpoints.values()} == {("b", "march")}


async def test_html_500_before_and_after_the_commit_both_end_done_once(run):
    stacuity, job, platform = await run()
    await job.finish(platform, job.batch(stacuity.iccids))
    before = {"fault": "html_502", "status": 500, "route": "assign", "nth": [1, 7], "when": "before"}
    stacuity.faults(before, {**before, "nth": [3], "when": "after"})
    await job.finish(platform, job.activation("b", "eu"))

    assert assigned(stacuity) == dict.fromkeys(stacuity.iccids, 1)
    assert stacuity.requests("assign") == COUNT + 2, "the two that were not done were sent again, after proof"


async def test_throttle_slows_the_account_and_everything_is_done_once(run):
    stacuity, job, platform = await run()
    await job.finish(platform, job.batch(stacuity.iccids))
    stacuity.faults({"fault": "throttle", "route": "assign", "nth": [1, 2], "retry_after": "0.1"})
    await job.finish(platform, job.activation("b", "eu"))

    assert assigned(stacuity) == dict.fromkeys(stacuity.iccids, 1)


async def test_throttle_answers_429_above_ten_calls_a_second_and_the_client_takes_it_as_not_done(stacuity):
    await stacuity.platform.pin_group("eu")
    stacuity.behave("throttle")
    answers = await asyncio.gather(*(stacuity.act(Kind.ACTIVATE, number % 12, "eu") for number in range(24)))

    assert Because.THROTTLED in {answer.because for answer in answers}
    assert {answer.verdict for answer in answers} == {Verdict.DONE, Verdict.NOT_DONE}
    assert stacuity.simulator.account.stats.refused_for_rate > 0


async def test_http_errors_are_refusals_like_those_of_status_200(stacuity):
    stacuity.behave("http_errors")
    refused = await stacuity.act(Kind.SUSPEND, 0)
    unknown = await stacuity.perform(Kind.SUSPEND, "8944", "nobody")

    assert (refused.because, refused.http_status) == (Because.REFUSED, 409)
    assert (unknown.because, unknown.http_status) == (Because.REFUSED, 404)


async def test_slow_an_answer_alone_confirms_nothing_until_the_platform_shows_it(stacuity):
    stacuity.behave("slow")
    await stacuity.platform.pin_group("eu")
    answer = await stacuity.act(Kind.ACTIVATE, 0, "eu")
    expected = {stacuity.iccids[0]: stacuity.endpoint(0).id}

    async def differing():
        seen = (await survey(stacuity.platform, expected)).sims
        return sight.differing(expected, seen, Lifecycle.ACTIVE, "eu")

    assert answer.verdict is Verdict.DONE
    assert await differing() == expected
    stacuity.simulator.account.advance(20)
    assert await differing() == {}


async def test_stale_counts_are_shown_in_the_plan_and_prove_nothing(stacuity):
    async def shown():
        return (await stacuity.platform.group("fleet-second")).endpoints

    await stacuity.act(Kind.ACTIVATE, 0, "fleet-second")
    exact = await shown()
    stacuity.simulator.account.advance(6)
    stacuity.behave("stale_counts")
    for number in (1, 2):
        await stacuity.act(Kind.ACTIVATE, number, "fleet-second")
    at_once = await shown()
    seen = (await survey(stacuity.platform, stacuity.iccids[:3])).sims
    stacuity.simulator.account.advance(6)

    assert (exact, at_once, await shown()) == (1, 1, 3), "first the count of some seconds ago, later that of now"
    assert {sim.state for sim in seen.values()} == {Lifecycle.ACTIVE}, "the read-back looks at the endpoints"


async def test_partial_bulk_cannot_happen_since_the_client_sends_one_call_for_each_endpoint(stacuity):
    stacuity.behave("partial_bulk")
    answers = [await stacuity.act(Kind.ACTIVATE, number, "eu") for number in range(8)]

    assert not stacuity.platform.capabilities.has_bulk
    assert {answer.verdict for answer in answers} == {Verdict.DONE}
    assert stacuity.requests("assign_many") == 0


async def test_suspend_is_final_is_recorded_and_not_tried_again(stacuity):
    stacuity.behave("suspend_is_final")
    answer = await stacuity.act(Kind.RESUME, "suspended")

    assert (answer.because, answer.text.partition(":")[0]) == (Because.REFUSED, "stuck_suspended")
    assert stacuity.requests("change_status") == 1


async def test_filter_ignored_leads_to_reading_everything_and_no_wrong_hit(run):
    stacuity, job, platform = await run()
    stacuity.behave("filter_ignored")
    await job.finish(platform, job.batch(stacuity.iccids[3:6]))
    tagged = {one.iccid for one in stacuity.estate.endpoints.values() if one.tags}

    assert tagged == set(stacuity.iccids[3:6])


async def test_unknown_status_blocks_that_endpoint_and_no_other(run):
    stacuity, job, platform = await run()
    stacuity.behave("unknown_status")
    await job.finish(platform, job.batch(stacuity.iccids), until=("confirmed", "refused", "planned"))

    assert [one.iccid for one in stacuity.estate.endpoints.values() if not one.tags] == [stacuity.iccids[0]]


async def test_concurrent_editor_who_renames_the_group_does_not_divert_a_single_endpoint(run):
    stacuity, job, platform = await run()
    await job.finish(platform, job.batch(stacuity.iccids))
    stacuity.behave("concurrent_editor")
    await job.finish(platform, job.activation("b", "eu"))
    group = stacuity.estate.groups[next(iter(stacuity.estate.groups))]

    assert group.moniker == "fleet-main-x"
    assert {one.group for one in stacuity.estate.endpoints.values()} == {group.id}


async def test_concurrent_editor_who_takes_tags_away_is_noticed_and_the_tag_is_written_again(run):
    stacuity, job, platform = await run()
    stacuity.behave("concurrent_editor")
    await job.finish(platform, job.batch(stacuity.iccids))
    tags = [set(one.tags) for one in stacuity.estate.endpoints.values()]

    assert all("b" in one for one in tags)
    assert any("other-user" in one for one in tags), "what the other user wrote is kept"


async def test_a_sim_with_two_endpoints_goes_to_a_person_and_does_not_hold_the_others_up(run):
    stacuity, job, platform = await run()
    stacuity.estate.put(stacuity.iccids[0], kind="allocate")
    scope = job.batch(stacuity.iccids)
    await job.finish(platform, scope, until=("confirmed", "refused", "planned", "needs_human"))
    counts = (await job.ledger.outlook(scope)).counts

    assert counts["needs_human"] == 1
    assert sum("b" in one.tags for one in stacuity.estate.endpoints.values()) == COUNT - 1


async def test_two_tags_of_one_endpoint_are_never_written_at_once(run):
    stacuity, job, platform = await run(max_in_flight=16, knobs={"latency_write": 0.03})
    tags = ("b", "march", "spring", "north")
    await job.finish(platform, job.batch(stacuity.iccids, tags=tags))
    edits = [entry.details for entry in stacuity.simulator.ledger.entries if entry.kind == "edit"]

    assert [edit for edit in edits if not set(edit["before"]) <= set(edit["tags"])] == [], "an edit undid another"
    assert {frozenset(one.tags) for one in stacuity.estate.endpoints.values()} == {frozenset(tags)}


async def test_a_batch_is_activated_by_its_own_tag_and_not_by_one_that_begins_like_it(run):
    stacuity, job, platform = await run()
    long, short = stacuity.iccids[:6], stacuity.iccids[6:]
    row_tags = [*((one, "batch-00010") for one in long), *((one, "batch-0001") for one in short)]
    await job.finish(platform, job.batch(stacuity.iccids, row_tags=row_tags))
    await job.finish(platform, job.activation("batch-0001", "eu"))

    assert {one.iccid for one in stacuity.estate.endpoints.values() if one.status == 50} == set(short)
