"""A secret that is read again once it was refused, and none that is used twice after that."""

import asyncio

import pytest

from domain.credential import Credential, rest_after
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


def test_what_is_refused_again_and_again_rests_longer_up_to_a_day():
    hours = [rest_after(times) / 3600 for times in (1, 2, 3, 6, 7, 1000)]

    assert hours == [0.5, 1, 2, 16, 24, 24]
    assert sum(hours[:3]) > 1, "fewer than five tries in an hour, after which an account is locked"


async def test_a_store_that_is_away_lets_a_secret_be_tried():
    class Away:
        async def refusal(self, _secret):
            raise SettingsError("away")

        async def keep(self, _secret, _text):
            raise SettingsError("away")

    secret = Credential("a", memory=Away())

    await secret.keep("refused")
    assert await secret.refusal() == ""
