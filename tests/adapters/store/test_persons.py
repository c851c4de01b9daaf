"""What a person confirms does to an endpoint what the platform's own answer would have done."""

import pytest

from adapters.store import persons
from domain.capabilities import CAPABILITIES
from domain.errors import SettingsError
from domain.lifecycle import Kind
from domain.operation import State
from domain.outcome import Verdict
from domain.ports import Scope
from tests.support.desk import came


async def needing_a_person(desk, kind, *, state="pre_active", target="eu"):
    """An operation of which nobody knows the outcome, on an endpoint in this state."""
    desk.pre_active(1)
    change = desk.select(tag="march", group="eu", platform="stacuity").change
    desk.do(
        "UPDATE operations SET kind = :kind, target = :target, state = 'needs_human', token = 1 WHERE change_id = :c",
        kind=kind.value,
        target=target,
        c=change,
    )
    desk.do("UPDATE endpoints SET state = :state", state=state)
    return desk.one("SELECT id FROM operations WHERE change_id = :c", c=change)


@pytest.mark.parametrize(
    ("platform", "kind", "target", "before", "after"),
    [
        ("stacuity", Kind.ACTIVATE, "eu", "pre_active", ("active", "eu")),
        ("stacuity", Kind.ASSIGN, "eu", "pre_active", ("active", "eu")),
        ("stacuity", Kind.ASSIGN, "eu", "active", ("active", "eu")),
        ("stacuity", Kind.SUSPEND, "", "active", ("suspended", None)),
        ("sft", Kind.ACTIVATE, "", "pre_active", ("active", None)),
        ("sft", Kind.ASSIGN, "eu", "active", ("active", "eu")),
        ("sft", Kind.ASSIGN, "eu", "pre_active", ("pre_active", "eu")),
        ("sft", Kind.TERMINATE, "", "suspended", ("terminated", None)),
    ],
)
async def test_what_a_person_confirms_is_recorded_by_the_rules_of_its_platform(
    desk, platform, kind, target, before, after
):
    operation = await needing_a_person(desk, kind, state=before, target=target)

    desk.decide(operation, State.CONFIRMED, platform=platform)

    endpoint = desk.endpoint(1)
    assert (endpoint.state, endpoint.group) == after


@pytest.mark.parametrize("platform", sorted(CAPABILITIES))
async def test_a_person_and_the_platform_leave_an_activated_endpoint_alike(desk, platform):
    desk.pre_active(2)
    change = desk.select(tag="march", group="eu", platform=platform).change
    ledger = await desk.ledger(platform=platform)
    scope = Scope(change)
    works = (await ledger.step(scope, [], 9)).work
    answered, asked = [work for work in works if work.kind is Kind.ACTIVATE]
    await ledger.step(scope, [came(answered, Verdict.DONE)], 0)
    desk.do("UPDATE operations SET state = 'needs_human' WHERE id = :id", id=asked.id)

    desk.decide(asked.id, State.CONFIRMED, platform=platform)

    first, second = ((one.state, one.group) for one in (desk.endpoint(1), desk.endpoint(2)))
    assert first == second


async def test_the_account_of_a_decision_must_be_in_the_settings(desk):
    operation = await needing_a_person(desk, Kind.ACTIVATE, target="")

    def unknown(account):
        raise SettingsError(f"There is no account {account!r}.")

    with pytest.raises(SettingsError, match="no account 'travel'"):
        desk.store.write(
            persons.decide_by_person, operation, State.CONFIRMED, platform_of=unknown, endpoint_id=None, reason="seen"
        )
    assert desk.one("SELECT state FROM operations WHERE id = :id", id=operation) == "needs_human"
