"""Sales into a group that has only so many addresses, counted between looks at a platform that others use too."""

import asyncio
from dataclasses import replace

import pytest

from domain.errors import PlatformUnreachable, UnusableGroup
from domain.groups import Target
from domain.vacancy import Vacancies
from tests.support.virtual_time import played

ROOMY = Target("eu", "G1", 1000, 0, ("10.0.0.0/22",))


class Platform:
    """One group, the endpoints in it, and how often somebody looked."""

    def __init__(self, room=1000):
        self.room, self.inside, self.looks, self.broken = room, 0, 0, None
        self.seconds = 0.0
        self.vacancies = Vacancies(self.look, self.look)

    async def look(self, name):
        self.looks += 1
        seen = self.inside
        await asyncio.sleep(self.seconds)
        if self.broken is not None:
            raise self.broken
        room = None if self.room is None else self.room - seen
        return replace(ROOMY, name=name, room=room)

    async def sell(self, *, seconds=0.0, sold=True):
        """One sale; whether it was let in."""
        place = await self.vacancies.enter("eu")
        if not place.full:
            await asyncio.sleep(seconds)
            self.inside += sold
            place.is_used = sold
        self.vacancies.leave(place)
        return not place.full


def play(story):
    return played(story, everywhere=True)


def test_far_from_the_end_a_thousand_sales_ask_once():
    platform = Platform(room=2000)

    async def story():
        return [await platform.sell() for _ in range(1000)]

    assert all(play(story()))
    assert platform.looks == 1


@pytest.mark.parametrize(("room", "buyers"), [(2, 6), (6, 30), (25, 60)])
def test_the_last_addresses_are_sold_and_no_more(room, buyers):
    one_by_one, at_once = Platform(room), Platform(room)

    async def story():
        await asyncio.gather(*(at_once.sell(seconds=0.1) for _ in range(buyers)))
        for _ in range(buyers):
            await one_by_one.sell()

    play(story())
    assert (one_by_one.inside, at_once.inside) == (room, room)
    assert one_by_one.looks < buyers


def test_many_who_are_turned_away_ask_no_more_than_every_two_seconds():
    platform = Platform(room=0)

    async def story():
        for _ in range(100):
            assert not await platform.sell()
            await asyncio.sleep(0.1)

    play(story())
    assert platform.looks <= 6


def test_a_sale_that_came_to_nothing_gives_its_place_back():
    platform = Platform(room=1)

    async def story():
        return [await platform.sell(sold=False), await platform.sell(sold=False), await platform.sell()]

    assert play(story()) == [True, True, True]


def test_orders_that_are_only_sent_again_use_up_no_count():
    platform = Platform(room=30)

    async def story():
        for _ in range(100):
            assert await platform.sell(sold=False)

    play(story())
    assert platform.looks == 1


def test_a_buyer_of_the_last_address_waits_for_the_one_who_may_get_it():
    platform = Platform(room=1)

    async def story():
        first = asyncio.create_task(platform.sell(seconds=1.0, sold=False))
        await asyncio.sleep(0.1)
        return await platform.sell(), await first

    assert play(story()) == (True, True)


def test_nobody_waits_long_for_a_sale_that_is_looked_up():
    platform = Platform(room=1)

    async def story():
        first = asyncio.create_task(platform.sell(seconds=60.0))
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        let_in = await platform.sell()
        waited = asyncio.get_running_loop().time() - began
        return let_in, waited, await first

    let_in, waited, _ = play(story())
    assert (let_in, 4.9 < waited < 6) == (False, True)


def test_what_begins_while_the_platform_answers_is_counted_too():
    platform = Platform(room=30)

    async def story():
        await platform.sell()
        platform.seconds = 1.0
        looking = asyncio.create_task(platform.vacancies.look_again())
        await asyncio.sleep(0.5)
        await asyncio.gather(*(platform.sell() for _ in range(5)))
        await looking
        platform.seconds = 0.0
        await asyncio.gather(*(platform.sell(seconds=0.1) for _ in range(40)))

    play(story())
    assert platform.inside == 30


def test_what_others_put_in_is_seen_near_the_end():
    platform = Platform(room=22)

    async def story():
        await platform.sell()
        platform.inside += 20
        await asyncio.sleep(3)
        return [await platform.sell() for _ in range(3)]

    assert play(story()) == [True, False, False]


def test_in_the_background_only_groups_that_were_sold_into_are_looked_at():
    platform = Platform()

    async def story():
        await platform.sell()
        for _ in range(3):
            await platform.vacancies.look_again()

    play(story())
    assert platform.looks == 2


def test_a_group_that_takes_no_endpoints_is_told_to_each_and_kept_for_none():
    platform = Platform()

    async def story():
        platform.broken = UnusableGroup("no routing")
        for _ in range(2):
            with pytest.raises(UnusableGroup):
                await platform.sell()
        platform.broken = None
        assert await platform.sell()
        platform.broken = UnusableGroup("no routing")
        await platform.vacancies.look_again()
        with pytest.raises(UnusableGroup):
            await platform.sell()

    play(story())


@pytest.mark.parametrize(("room", "goes_on"), [(10, True), (1, False)])
def test_a_platform_that_does_not_answer_stops_no_sale_while_there_is_room_by_our_own_count(room, goes_on):
    platform = Platform(room)

    async def story():
        await platform.sell()
        platform.broken = PlatformUnreachable("away")
        await asyncio.sleep(3)
        if goes_on:
            assert await platform.sell()
        else:
            with pytest.raises(PlatformUnreachable):
                await platform.sell()

    play(story())


def test_without_a_group_or_a_known_number_everybody_is_let_in():
    platform = Platform(room=None)

    async def story():
        assert all([await platform.sell() for _ in range(50)])
        place = await platform.vacancies.enter("")
        platform.vacancies.leave(place)
        return place.full

    assert play(story()) == ""
    assert platform.looks == 1
