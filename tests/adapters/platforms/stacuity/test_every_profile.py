"""Every fault profile by its name: nothing done twice, nothing lost, and the store says what the platform shows."""

import shutil
from collections import Counter

import pytest

from adapters.platforms.simulator.stacuity.profiles import PROFILES
from domain.inbox import Meaning
from domain.lifecycle import Kind
from tests.support.course import COUNT, GROUP, Course
from tests.support.virtual_time import played

# A seed under which the profile strikes in so short a course, and an account too large to be read page by page.
ODDS = {"timeout_after_commit": {"seed": 3}, "filter_ignored": {"others": 40}}
# What shows that the profile did what it is called after.
STRUCK = {
    "concurrent_editor": lambda course: course.simulator.estate.groups[course.group_id].moniker == f"{GROUP}-x",
    "duplicate_events": lambda course: course.hooked == 3 * COUNT * 2,
    "filter_ignored": lambda course: course.requests("list_endpoints") > 40 / 5,
    "html_500": lambda course: course.simulator.account.stats.faults["html_502"] > 1,
    "lost_events": lambda course: course.hooked < 3 * COUNT,
    "retry": lambda course: course.hooked == 3 * COUNT + 1,
    "slow": lambda course: course.requests("list_endpoints") > 2 * 3 + 3,
    "suspend_is_final": lambda course: course.operations()["resume", "refused"] == COUNT,
    "throttle": lambda course: course.simulator.account.stats.refused_for_rate > 0,
    "timeout_after_commit": lambda course: course.simulator.account.stats.faults["hang_after"] > 1,
    "unknown_status": lambda course: course.operations()["create", "refused"] == 1,
}


@pytest.fixture
def play(quick_path, prepared_file):
    """Play a scenario on an account of its own under a profile, in virtual time."""
    shutil.copy(prepared_file, quick_path / "store.db")

    def run(profile, scenario, **options):
        async def whole():
            async with Course(f"sqlite:///{quick_path}/store.db", profile, **options) as course:
                return await scenario(course)

        return played(whole(), everywhere=True)

    return run


@pytest.mark.parametrize("profile", PROFILES)
def test_under_every_profile_all_is_done_once_and_the_store_says_what_the_platform_shows(play, profile):
    untouched = 1 if profile == "unknown_status" else 0
    once = COUNT - untouched
    resumed = 0 if profile == "suspend_is_final" else once

    async def scenario(course):
        await course.provision()
        differing = [await course.change(Kind.ACTIVATE, GROUP)]
        differing += [await course.change(kind) for kind in (Kind.SUSPEND, Kind.RESUME)]
        meanings = await course.poll()
        shown, stored, first = course.shown(), course.stored(), course.iccids[0]
        if untouched:
            assert (shown.pop(first)[0], stored.pop(first)[0]) == ("pre_active", "stock"), "it is left as it is"

        for kind, count in (("assign", once), ("suspend", once), ("resume", resumed)):
            assert course.done(kind) == Counter(course.iccids[-count:] if count else []), f"{kind}: once for each"
        assert stored == shown
        assert Counter((state, is_tagged) for state, _, is_tagged in shown.values()) == {
            ("active" if resumed else "suspended", True): once
        }
        assert {one.group for one in course.simulator.estate.endpoints.values()} - {None} == {course.group_id}
        assert not {state for _, state in course.operations()} & {"sent", "in_doubt", "needs_human"}
        assert differing == [0, 0, 0]
        assert course.events_kept().total() == len(course.simulator.estate.events), "each event once, however it came"
        assert meanings[Meaning.DIFFERS] == 0
        assert STRUCK.get(profile, lambda _course: True)(course)

    play(profile, scenario, **ODDS.get(profile, {}))


def test_a_yes_to_an_assignment_that_never_comes_is_found_by_the_read_back(play):
    """As under `slow`, but without end: the read-back waits, and then hands the endpoints to a person."""

    async def scenario(course):
        await course.provision()
        differing = await course.change(Kind.ACTIVATE, GROUP)

        assert differing == COUNT
        assert course.operations()["activate", "needs_human"] == COUNT
        assert {state for state, _, _ in course.shown().values()} == {"pre_active"}

    play([{"fault": "false_yes", "route": "assign"}], scenario)


def test_many_are_suspended_and_terminated_in_one_run_with_one_call_each(play):
    async def scenario(course):
        await course.provision()
        await course.change(Kind.ACTIVATE, GROUP)
        for kind in (Kind.SUSPEND, Kind.TERMINATE):
            await course.change(kind)

            assert course.done(kind.value) == Counter(course.iccids)
            assert course.stored() == course.shown()
        assert course.requests("change_status") == 2 * COUNT

    play("none", scenario)
