"""One token for all calls of a process: made when needed, replaced when it expired, and never shown."""

import asyncio
import base64
import json
import time

import pytest

from adapters.platforms.sft import auth
from adapters.platforms.sft.auth import Token, lifetime
from domain.errors import LoginRefused, PlatformUnreachable, StoreLocked
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from tests.support.scripted_server import envelope, raw, reply
from tests.support.sft import PASSWORD

EXPIRED_FORMS = ["1", "2", "3"]


def jwt(**claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.signature"


# --- how long a token lives ---


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"iat": 1000, "exp": 1600}, 540),  # a minute early
        ({"iat": 1000, "exp": 1100}, 75),  # or a quarter, when it is short
        ({"iat": 9_999_999_999, "exp": 9_999_999_999 + 600}, 540),  # whatever the platform's clock says
        ({"iat": "1000", "exp": "1600"}, 540),
        ({"iat": 1600, "exp": 1000}, 480),
        ({"iat": 1000}, 480),
        ({"exp": "soon"}, 480),
        ({"exp": None}, 480),
        ({}, 480),
    ],
)
def test_a_token_is_renewed_a_little_before_it_expires(claims, seconds):
    assert lifetime(jwt(**claims), default=540) == seconds


def test_a_token_without_iat_is_reckoned_from_now():
    now = time.time()
    seconds = lifetime(jwt(exp=now + 600), default=1)

    assert 539 - (time.time() - now) <= seconds <= 541


@pytest.mark.parametrize("token", ["", "opaque", "a.b", "a.b.c.d", "a.!!!.c", "a.W10.c", "eyJ.bnVsbA.x", "a.ÿ.c"])
def test_a_token_that_cannot_be_read_lives_for_the_default(token):
    assert lifetime(token, default=540) == 480
    assert lifetime(token, default=100) == 75


def test_a_token_does_not_show_itself():
    assert "secret" not in f"{Token('secret', 0.0, 0.0)!r} {Token('secret', 0.0, 0.0)}"


# --- one login for all ---


async def test_many_calls_share_one_login(start):
    sft = await start(logged_in=False)

    await asyncio.gather(*(sft.create(number) for number in range(10)))

    assert sft.requests("login") == 1
    assert len(sft.commits("create")) == 10


async def test_a_login_is_written_exactly_so(start):
    sft = await start(logged_in=False)
    await sft.platform.login()

    (request,) = sft.sent("/login")
    assert request["body"] == {"username": "api-user", "password": "***"}
    headers = {name.lower() for name in request["headers"]}
    assert "x-requested-with" in headers
    assert not headers & {"x-authorization", "authorization"}


async def test_a_reseller_logs_in_to_a_child_account(start):
    sft = await start(logged_in=False, username="reseller-user", password="demo-password", target_account_id="400001")

    answer = await sft.create()

    assert answer.verdict is Verdict.DONE
    assert sft.sent("/login")[0]["body"]["targetAccountId"] == "400001"


async def test_a_token_is_renewed_before_it_expires(start):
    sft = await start(knobs={"access_seconds": 1})  # renewed after three quarters of it
    await sft.create(0)
    await asyncio.sleep(0.8)

    await sft.create(1)

    assert sft.requests("login") == 2
    assert sft.requests("CreateEndPoint") == 2  # none of them was refused


# --- expired ---


@pytest.mark.parametrize("form", EXPIRED_FORMS)
async def test_an_expired_token_is_replaced_and_the_write_is_made_once(start, form):
    sft = await start()
    await sft.create(0)
    sft.faults({"fault": "token_expired", "route": "CreateEndPoint", "form": form, "times": 1})

    answer = await sft.create(1)

    assert (answer.verdict, answer.endpoint_id is None) == (Verdict.DONE, False)
    assert sft.commits("create") == ["create", "create"]
    assert sft.requests("login") == 2


@pytest.mark.parametrize("form", EXPIRED_FORMS)
async def test_an_expired_token_is_replaced_for_reads_too(start, form):
    sft = await start()
    await sft.create(0)
    sft.faults({"fault": "token_expired", "route": "fetchSIM", "form": form, "times": 1})

    assert (await sft.platform.sim(sft.iccids[0])).endpoint_id


async def test_many_calls_with_an_expired_token_share_one_new_login(start):
    sft = await start(knobs={"latency_read": 0.02})
    await sft.create(0)
    sft.simulator.engine.skip(601)  # tokens live for 600 s

    answers = await asyncio.gather(*(sft.create(number) for number in range(1, 9)))

    assert {answer.verdict for answer in answers} == {Verdict.DONE}
    assert len(sft.commits("create")) == 9
    assert sft.requests("login") <= 3


async def test_a_login_that_revokes_the_earlier_tokens_is_survived(start):
    """Another process logs in, and the platform lets only the latest token live."""
    sft = await start(knobs={"login_revokes": True})
    await sft.create(0)
    sft.simulator.engine.sessions.login({"username": "api-user", "password": PASSWORD})

    assert (await sft.create(1)).verdict is Verdict.DONE
    assert len(sft.commits("create")) == 2


# --- refused ---


async def test_a_wrong_password_is_refused_in_a_sentence_that_does_not_hold_it(start):
    sft = await start(logged_in=False, password="hunter2-canary")

    with pytest.raises(LoginRefused) as told:
        await sft.platform.login()

    assert str(told.value) == (
        "The platform refused the login of 'api-user' (code 10126: Invalid username or password); "
        "check user name and password in the settings."
    )
    assert sft.requests("login") == 1


async def test_a_refused_login_is_never_tried_again(start):
    """Five of them lock the account until a person resets its password."""
    sft = await start(logged_in=False, password="wrong")

    answers = await asyncio.gather(*(sft.create(number) for number in range(8)))

    assert {(answer.verdict, answer.because) for answer in answers} == {(Verdict.NOT_DONE, Because.LOGIN)}
    assert sft.requests("login") == 1
    assert sft.requests("CreateEndPoint") == 0


async def test_a_new_password_whose_login_was_cut_off_is_not_taken_for_a_refused_one(start):
    async def source():
        return PASSWORD

    sft = await start(logged_in=False, password="old", source=source)
    sft.faults({"fault": "hang_before", "route": "login", "nth": [2], "seconds": 1.2})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sft.platform.login(), 0.6)

    assert sft.requests("login") == 2
    await sft.platform.login()
    assert (await sft.create()).verdict is Verdict.DONE


async def test_a_locked_account_is_said_so(serve):
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = reply(envelope("1", "11044", "Account is locked"))

    with pytest.raises(LoginRefused, match=r"code 11044: Account is locked\); .* locked until a person resets"):
        await client.platform.login()


@pytest.mark.parametrize("body", [{"resultCode": "10126"}, {"resultCode": 10126, "resultDescription": "no"}])
async def test_a_refusal_without_an_envelope_is_understood(serve, body):
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = reply(body)

    with pytest.raises(LoginRefused, match="code 10126"):
        await client.platform.login()


@pytest.mark.parametrize("token", [None, "", 5, ["x"], {"a": 1}])
async def test_a_login_without_a_usable_token_is_no_login(serve, token):
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = reply(envelope("1", "10126", "no token") | {"AccessToken": token})

    with pytest.raises(LoginRefused):
        await client.platform.login()


async def test_a_reseller_login_is_told_that_it_is_the_wrong_kind_of_account(start):
    """The platform lets it in and then refuses every call, in the words of an expired token."""
    sft = await start(logged_in=False, username="reseller-user", password="demo-password")
    await sft.platform.login()

    answer = await sft.create()

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.LOGIN)
    assert "accepts the login but refuses its calls (Authorization Failed)" in answer.text
    assert "enterprise account, or a reseller login with target_account_id" in answer.text
    assert sft.requests("login") <= 2
    with pytest.raises(LoginRefused, match="enterprise account"):
        await sft.platform.assigned("1", "eu")


# --- out of reach ---


async def untold(platform):
    with pytest.raises(PlatformUnreachable) as told:
        await platform.login()
    return str(told.value)


async def test_a_platform_that_is_not_there_is_named_with_its_address(start):
    sft = await start(logged_in=False)
    await sft.simulator.stop()

    told = await untold(sft.platform)

    assert told.startswith(f"The platform at {sft.account.base_url} cannot be reached: the connection was refused")
    assert "nothing was sent, check the address in the settings and the network" in told


async def test_a_platform_that_answers_with_a_page_is_not_said_to_be_out_of_reach(serve):
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = raw(b"<html>Welcome</html>", kind="text/html")

    told = await untold(client.platform)

    assert told.startswith(
        f"The platform at {client.account.base_url} answers, and its login gives no token: http 200 of type text/html;"
    )
    assert "network" not in told
    assert "json_types" not in told, "no setting makes JSON of a page"


async def test_a_type_that_the_account_leaves_out_is_told_with_the_setting(serve):
    client, server = await serve(logged_in=False, json_types=["text/plain"])
    server.answers["/api/login"] = raw(b'{"AccessToken": "x"}', kind="text/html")
    assert "of type text/html, which json_types in the account's settings leaves out" in await untold(client.platform)

    client, server = await serve(logged_in=False, json_types=["text/plain"])
    server.answers["/api/login"] = raw(b'{"AccessToken": "x"}', kind="text/plain")
    await client.platform.login()


@pytest.mark.parametrize("kind", ["text/html", "text/plain", ""])
async def test_tokens_of_any_type_are_taken_as_all_public_clients_do(serve, kind):
    client, server = await serve(logged_in=False)
    server.answers["/api/login"] = raw(b'{"AccessToken": "x"}', kind=kind)

    await client.platform.login()


async def test_a_login_that_failed_once_is_tried_again(start):
    sft = await start(logged_in=False)
    sft.faults({"fault": "error_before", "route": "login", "times": 1})

    await sft.platform.login()

    assert sft.requests("login") == 2


async def test_a_login_that_a_gateway_forbids_says_nothing_of_the_password_and_is_tried_again(start):
    sft = await start(logged_in=False)
    sft.faults({"fault": "forbidden", "route": "login", "times": 1})

    await sft.platform.login()

    assert sft.requests("login") == 2


async def test_after_a_login_was_forbidden_again_and_again_it_rests_a_while(start, monkeypatch):
    """Should it be the password after all, the account must not be locked by many tries."""
    monkeypatch.setattr(auth, "_TRIES", 1)
    monkeypatch.setattr(auth, "_SHORTEST_REST", 0.2)
    sft = await start(logged_in=False)
    sft.faults({"fault": "forbidden", "route": "login", "times": 1})

    for _ in range(3):
        with pytest.raises(PlatformUnreachable):
            await sft.platform.login()
    assert sft.requests("login") == 1
    await asyncio.sleep(0.21)
    await sft.platform.login()

    assert sft.requests("login") == 2


async def test_a_throttled_login_slows_the_account_down_and_is_tried_again(start):
    sft = await start(logged_in=False)
    sft.faults({"fault": "throttle", "route": "login", "times": 1, "retry_after": "0.1"})

    await sft.platform.login()

    assert sft.requests("login") == 2
    assert sft.buckets.bucket.factor == 0.5


async def test_a_token_that_the_platform_forgot_at_once_is_the_wrong_kind_of_account(serve):
    """A brand new token cannot have expired, so that trying again for ever would help nobody."""
    client, server = await serve()
    server.answers["/api/CreateEndPoint"] = reply({}, status=401)

    answer = await client.perform(Kind.CREATE)

    assert answer.because is Because.LOGIN
    assert len(server.paths()) <= 5


# --- the store, asked at a login ---


async def test_while_the_store_does_not_say_whose_account_it_is_nothing_is_sent_and_nothing_is_in_doubt(start):
    class Away:
        times = 1

        async def confirm(self, tenant, secret=""):
            self.times -= 1
            if self.times >= 0:
                raise StoreLocked

    sft = await start(logged_in=False)
    sft.platform._tokens._tenant = Away()
    away = await sft.create(0)
    there = await sft.create(0)

    assert (away.verdict, away.because) == (Verdict.NOT_DONE, Because.STOPPED)
    assert there.verdict is Verdict.DONE
    assert len(sft.commits("create")) == 1
