"""An account is compared with the store: what the platform's list shows is compared, and nothing else."""

from domain.lifecycle import Kind
from tasks import resources
from tasks.reconcile import _compare
from tests.support.fleet import NAME, Fleet


async def differences(fleet: Fleet):
    """The reasons, once changes are old enough to be compared."""
    fleet.desk.later(3600)
    return [one.reason for one in (await _compare(NAME)).found if one.iccid in fleet.stacuity.iccids]


async def test_a_group_that_was_asked_for_under_a_name_of_the_settings_agrees(fleet):
    async with resources.session(NAME) as session:
        await resources.find_group(session, "eu")
    await fleet.send(fleet.activation("eu"))

    assert fleet.endpoint() == ("active", "eu")
    assert await differences(fleet) == []


async def test_an_endpoint_that_somebody_moved_is_listed(fleet):
    await fleet.send(fleet.activation("fleet-main"))
    await fleet.stacuity.act(Kind.ASSIGN, 0, "fleet-second")
    (reason,) = await differences(fleet)

    assert reason.startswith("in group fleet-main here, in ")
    assert reason.endswith("fleet-second on the platform")


async def test_a_tag_that_somebody_took_away_is_listed_and_one_that_somebody_added_is_not(fleet):
    endpoint = fleet.stacuity.endpoint()
    endpoint.tags.append("of-others")
    before = await differences(fleet)
    endpoint.tags.remove("b")

    assert before == []
    assert await differences(fleet) == ["the platform lacks the tag b"]
