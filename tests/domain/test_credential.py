"""A secret that is read again once it was refused, and none that is used twice after that."""

import asyncio

import pytest

from domain.credential import Credential
from domain.errors import SettingsError


class Kept:
    """Where a secret is kept, by a person who may change it."""

    def __init__(self, *secrets):
        self.secrets = list(secrets)
        self.reads = 0

    async def __call__(self):
        self.reads += 1
        found = self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0]
        if isinstance(found, Exception):
            raise found
        return found


async def test_another_secret_is_used_once_the_first_is_refused():
    secret = Credential("a", Kept("b"))

    assert await secret.renewed("a")
    assert secret.value == "b"


@pytest.mark.parametrize(
    "found", ["a", "", SettingsError("it cannot be read")], ids=["the same", "empty", "unreadable"]
)
async def test_without_another_secret_the_refusal_stands(found):
    secret = Credential("a", Kept(found))

    assert not await secret.renewed("a")
    assert secret.value == "a"


async def test_a_secret_without_a_source_stays_as_it_is():
    assert not await Credential("a").renewed("a")


async def test_a_secret_that_was_refused_is_not_used_again_even_after_another_one():
    secret = Credential("a", Kept("b", "a", "c"))

    assert await secret.renewed("a")
    assert not await secret.renewed("b")
    assert await secret.renewed("b")
    assert secret.value == "c"


async def test_many_who_are_refused_at_once_read_the_source_once():
    kept = Kept("b")
    secret = Credential("a", kept)

    assert await asyncio.gather(*(secret.renewed("a") for _ in range(10))) == [True] * 10
    assert kept.reads == 1


async def test_every_secret_that_was_ever_used_is_hidden():
    secret = Credential("one", Kept("one-and-two"))
    await secret.renewed("one")

    assert secret.hidden("with one-and-two, before that one") == "with ***, before that ***"
    assert repr(secret) == "Credential(***)"
    assert Credential("").hidden("text") == "text"
