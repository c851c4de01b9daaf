"""Logins that were refused: what every process is told of them, and for how long."""

import asyncio

from adapters.store import logins
from adapters.store.logins import StoredMemory
from domain.credential import rest_after


async def test_only_the_same_secret_of_the_same_user_and_account_rests(desk):
    memory = StoredMemory(desk.store, "t", "ann")
    await memory.keep("wrong", "The platform refused it.")
    others = [StoredMemory(desk.store, "t", "bob"), StoredMemory(desk.store, "u", "ann")]

    assert (await memory.refusal("wrong")).startswith("The platform refused it; that was before")
    assert await memory.refusal("right") == ""
    assert [await other.refusal("wrong") for other in others] == ["", ""]
    assert await StoredMemory(desk.store, "t", "ann", tries_again=True).refusal("wrong") == ""


async def test_after_its_rest_it_is_tried_once_and_rests_longer_then(desk):
    memory = StoredMemory(desk.store, "t", "ann")
    await memory.keep("wrong", "no")
    desk.later(rest_after(1))
    over = await memory.refusal("wrong")
    await memory.keep("wrong", "no")
    desk.later(rest_after(2) - 60)

    assert over == ""
    assert await memory.refusal("wrong") != ""


async def test_an_accepted_login_ends_what_was_refused_to_the_account_alone(desk):
    memories = [StoredMemory(desk.store, account, "ann") for account in ("t", "u")]
    for memory in memories:
        await memory.keep("wrong", "no")
    desk.store.write(logins.forget, "t")

    assert [bool(await memory.refusal("wrong")) for memory in memories] == [False, True]


async def test_the_store_does_not_hold_the_secret(desk):
    await StoredMemory(desk.store, "t", "ann").keep("canary", "no")
    rows = desk.see("SELECT * FROM refused_logins")

    assert len(rows) == 1
    assert "canary" not in str(rows)


async def test_stores_that_are_told_of_a_refusal_at_once_count_both(desk):
    memories = [StoredMemory(desk.another_store(), "t", "ann") for _ in range(4)]
    await asyncio.gather(*(memory.keep("wrong", "no") for memory in memories))

    assert desk.one("SELECT times FROM refused_logins") == 4
