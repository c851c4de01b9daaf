from tests.strangers.facts import OBJECTS
from tests.strangers.replay import replay


async def test_every_object_of_the_vendors_provider_is_made_read_updated_and_deleted(account):
    wrong = await replay(account.call, OBJECTS)

    assert len(OBJECTS) == 18
    assert wrong == {}, f"{len(wrong)} of {len(OBJECTS)}"
