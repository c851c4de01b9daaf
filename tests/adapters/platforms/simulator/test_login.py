import asyncio
import base64
import json
import time

import pytest


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_login_answers_a_bare_pair_of_tokens(start):
    sft = await start(logged_in=False)
    assert (await sft.login()).keys() == {"AccessToken", "RefreshToken"}


async def test_tokens_are_jwt_shaped_and_say_when_they_expire(start):
    sft = await start(logged_in=False, access_seconds=100)
    before = time.time()
    token = (await sft.login())["AccessToken"]
    assert token.count(".") == 2
    assert before + 99 <= claims_of(token)["exp"] <= time.time() + 100


async def test_a_bad_password_gets_10126(start, code):
    sft = await start(logged_in=False)
    assert code((await sft.login(password="wrong"))["Response"]) == ("1", "10126")


async def test_five_bad_logins_lock_the_account_for_good(start, code):
    sft = await start(logged_in=False)
    for _ in range(5):
        assert code((await sft.login(password="wrong"))["Response"]) == ("1", "10126")
    assert code((await sft.login())["Response"]) == ("1", "11044")


async def test_a_good_login_forgets_the_bad_ones(start):
    sft = await start(logged_in=False)
    for _ in range(3):
        for _ in range(4):
            await sft.login(password="wrong")
        assert "AccessToken" in await sft.login()


async def test_login_without_a_password_gets_10117(start, code):
    sft = await start(logged_in=False)
    async with sft.request("POST", "/login", json={"username": "api-user"}) as response:
        assert code((await response.json())["Response"]) == ("1", "10117")


@pytest.mark.parametrize(
    ("form", "status", "outer"),
    [(1, 200, "1"), (2, 200, "401"), (3, 401, "1")],
)
async def test_an_expired_token_is_answered_in_the_chosen_form(start, code, form, status, outer):
    sft = await start(access_seconds=0.01, expired_form=form)
    await asyncio.sleep(0.02)
    async with sft.request("GET", "/fetchSIM") as response:
        assert response.status == status
        answer = (await response.json())["Response"]
    assert code(answer) == (outer, "401")
    assert "responseParam" not in answer


async def test_a_refresh_token_buys_a_new_pair(start):
    sft = await start(logged_in=False)
    first = await sft.login()
    sft.token = first["RefreshToken"]
    async with sft.request("GET", "/RefreshToken") as response:
        second = await response.json()
    assert second.keys() == first.keys()
    assert second["AccessToken"] != first["AccessToken"]
    sft.token = second["AccessToken"]
    assert (await sft.get("/fetchSIM"))["resultCode"] == "0"


async def test_an_access_token_buys_nothing(sft, code):
    assert code(await sft.get("/RefreshToken")) == ("1", "401")


async def test_a_refresh_token_opens_nothing(start, code):
    sft = await start(logged_in=False)
    sft.token = (await sft.login())["RefreshToken"]
    assert code(await sft.get("/fetchSIM")) == ("1", "401")


@pytest.mark.parametrize(("revokes", "outer"), [(False, "0"), (True, "1")])
async def test_a_new_login_leaves_old_tokens_valid_unless_told(start, revokes, outer):
    sft = await start(login_revokes=revokes)
    old = sft.token
    await sft.login()
    sft.token = old
    assert (await sft.get("/fetchSIM"))["resultCode"] == outer


async def test_resellers_may_not_use_endpoint_calls(start, code):
    sft = await start(logged_in=False)
    await sft.login(username="reseller-user")
    assert code(await sft.create()) == ("1", "401")
    assert code(await sft.send("/createTag", {"tagInfo": {"createTag": {"tagName": "a"}}})) == ("1", "401")
    assert sft.kinds() == []


async def test_a_reseller_logged_in_to_its_child_account_may(start):
    sft = await start(logged_in=False)
    await sft.login(username="reseller-user", targetAccountId="400001")
    assert (await sft.create())["resultCode"] == "0"


async def test_an_enterprise_cannot_log_in_to_another_account(start, code):
    sft = await start(logged_in=False)
    assert code((await sft.login(targetAccountId="300001"))["Response"]) == ("1", "10117")
