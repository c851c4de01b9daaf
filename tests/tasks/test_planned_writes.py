"""A plan counts every write of the run that follows it, and plan and run give the same numbers."""

import shutil
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.errors import NotConfirmed, NothingSelected
from domain.plan import Action
from domain.requests import Action as Lifecycle
from domain.requests import ActivateRequest, LifecycleRequest
from tests.support.folders import quick_folder
from tests.support.planned_runs import NAME, Compared, PlannedRuns, planned_runs, run

SIMS = 8
TAGS = st.lists(st.sampled_from("ab"), max_size=2, unique=True)
ROW = st.tuples(st.integers(0, SIMS - 1), st.sampled_from(["", "x", "y"]), st.lists(st.sampled_from("pq"), unique=True))
FILES = st.fixed_dictionaries(
    {
        "rows": st.lists(ROW, min_size=1, max_size=6, unique_by=lambda row: row[0]),
        "more": st.sampled_from([(), ("",), ("123,,",), ("again",)]),  # blank, rejected, or the first row once more
        "tags": TAGS,
        "batch": st.sampled_from([None, "k"]),
        "stop_after": st.sampled_from([None, None, None, 1, 3]),
    }
)
CHANGES = st.fixed_dictionaries(
    {
        "action": st.sampled_from(["activate", "activate", "suspend", "resume", "terminate"]),
        "tag": st.sampled_from("abp"),
        "count": st.sampled_from([None, 1, 5]),
        "stop_after": st.sampled_from([None, None, 2]),
    }
)
STEPS = st.lists(st.one_of(FILES, FILES, CHANGES), min_size=2, max_size=5)


async def provision(runs: PlannedRuns, wanted) -> Compared:
    """Hand in a file."""
    iccids = runs.iccids
    rows = [
        f"{iccids[number]},{name},{','.join(tags) and chr(34) + ','.join(tags) + chr(34)}"
        for number, name, tags in wanted["rows"]
    ]
    file = runs.file([*rows, *(rows[0] if row == "again" else row for row in wanted["more"])])
    return await runs.provision(file, tags=wanted["tags"], batch=wanted["batch"], stop_after=wanted["stop_after"])


async def change(runs: PlannedRuns, wanted) -> Compared | None:
    """Ask for a change of what carries a tag."""
    if wanted["action"] == "activate":
        request = ActivateRequest(account=NAME, tag=wanted["tag"], group="eu", count=wanted["count"], dry_run=False)
        return await runs.change(request, stop_after=wanted["stop_after"])
    fields = {"action": Lifecycle(wanted["action"]), "account": NAME, "tag": wanted["tag"], "dry_run": False}
    for count in range(SIMS + 1):
        with suppress(NotConfirmed):
            request = LifecycleRequest(**fields, confirm_count=count)
            return await runs.change(request, stop_after=wanted["stop_after"])
    raise AssertionError


def check(found: Compared, wanted) -> None:
    """The platform's ledger has what was planned, and the run's numbers are those of the plan."""
    plan, summary = found.plan, found.summary
    assert found.planned == found.done == {kind: n for kind, n in summary.writes.items() if n}
    if "rows" not in wanted:
        assert (plan.is_short, plan.count or 0) == (bool(summary.asked), summary.asked or plan.count or 0)
        return
    told = {"rows", "accepted", "rejected", "duplicates", "blank"}
    numbers = {name: getattr(plan.file, name) for name in told}
    assert numbers == {name: getattr(summary, name) for name in told}
    assert summary.confirmed == plan.count(Action.CREATE) + plan.count(Action.TAG)
    assert (summary.already, summary.refused) == (plan.count(Action.ALREADY), plan.count(Action.CONFLICT))
    assert summary.other_names == len(plan.other_names)
    assert bool(summary.exit_code) == plan.has_problems


async def live(folder, platform: str, steps) -> None:
    """Plan and run one step after the other."""
    async with planned_runs(folder, platform) as runs:
        for wanted in steps:
            with suppress(NothingSelected):
                found = await (provision if "rows" in wanted else change)(runs, wanted)
                if wanted.get("stop_after") is None:
                    check(found, wanted)


def live_once(prepared_file, platform: str, steps) -> None:
    """The same in a folder of its own."""
    folder = quick_folder("plans-")
    try:
        shutil.copy(prepared_file, folder / "store.db")
        run(live(folder, platform, steps))
    finally:
        shutil.rmtree(folder)


def rows(*numbers: int, name: str = "", tags=()):
    return [(number, name, list(tags)) for number in numbers]


def file(wanted, **fields):
    return {"rows": wanted, "more": (), "tags": [], "batch": None, "stop_after": None} | fields


def ask(action, **fields):
    return {"action": action, "tag": "a", "count": None, "stop_after": None} | fields


@pytest.mark.parametrize("platform", ["sft", "stacuity"])
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
@example([file(rows(0, 1, 2, 3), tags=["a"]), file(rows(0, 1, 2, 3, 4, name="x", tags=["p"]), tags=["b"])])
@example(
    [file(rows(0, 1), tags=["a"], batch="k"), file(rows(2, 3), batch="k"), file(rows(1, 4), batch="k", tags=["b"])]
)
@example(
    [file(rows(0, 1, 2, 3, 4), stop_after=3), file(rows(5), batch="k", more=("again",)), file(rows(0, 1, 2, 3, 4))]
)
@example([file(rows(0, 1)), file(rows(0, 1), more=("123,,",)), file(rows(0, 1), more=("123,,",))])
@example([file(rows(0, 1, 2), batch="k", stop_after=1), file(rows(3), batch="k"), file(rows(0, 1, 2, 3), tags=["a"])])
@example(
    [
        file(rows(0, 1, 2), tags=["a"]),
        ask("activate", count=5, stop_after=2),
        ask("activate", count=5),
        ask("terminate"),
        file(rows(0, 3, name="y"), tags=["a"]),
    ]
)
def test_what_a_plan_counts_is_what_the_run_writes_and_tells(prepared_file, platform, steps):
    live_once(prepared_file, platform, steps)
