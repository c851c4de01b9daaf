"""What an answer does not show proves nothing until such an answer was seen to show something."""

from adapters.platforms.sft.absence import Absence
from domain.errors import StoreLocked
from domain.lifecycle import Kind


class Away:
    """Endpoints that must show a tag, once the store is there again."""

    is_away = True

    async def of(self, kind):
        if self.is_away:
            raise StoreLocked
        return ["E1"]


async def test_while_the_store_names_no_endpoint_nothing_is_proven_and_the_next_look_up_asks_again():
    controls = Away()
    absence = Absence(controls)

    async def look(endpoint_id):
        absence.saw(Kind.TAG)

    assert not await absence.proves(Kind.TAG, look)
    controls.is_away = False
    assert await absence.proves(Kind.TAG, look)
