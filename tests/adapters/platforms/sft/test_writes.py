"""Writing to the platform: at most one call, and an honest word on what came of it."""

import asyncio
import json

import pytest

from domain.errors import StoreUnavailable
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from tests.support.scripted_server import envelope, reply

DONE, NOT_DONE, UNKNOWN = Verdict
CREATE = "CreateEndPoint"


def outcome(answer):
    return (answer.verdict, answer.because)


# --- success ---


async def test_a_create_answers_with_the_id_of_the_endpoint(sft):
    answer = await sft.create()

    (endpoint,) = sft.simulator.state.endpoints.values()
    assert (outcome(answer), answer.endpoint_id, answer.http_status) == ((DONE, None), endpoint.id, 200)
    assert (endpoint.iccid, endpoint.name, endpoint.status) == (sft.iccids[0], "meter 1", "Pre-Active")
    assert answer.response_id


async def test_a_create_is_written_exactly_so(sft):
    await sft.create()

    (request,) = sft.sent("/CreateEndPoint")
    assert request["method"] == "POST"
    assert request["body"] == {
        "Request": {
            "requestParam": {
                "name": "meter 1",
                "isLinkSIM": "true",
                "iccid": sft.iccids[0],
                "isDefaultActivation": "false",  # text, or the endpoint would be active at once
                "roamingProfileId": "1234",
                "apnGroupId": "PDP_1",
                "planId": "123456",
            }
        }
    }


async def test_a_monthly_limit_is_written_when_there_is_one(start):
    sft = await start(monthly_limit="100")
    await sft.create()

    assert sft.sent("/CreateEndPoint")[0]["body"]["Request"]["requestParam"]["monthlyLimit"] == "100"


async def test_the_headers_are_those_of_the_platform_and_no_others(sft):
    await sft.create()

    headers = {name.lower(): value for name, value in sft.sent("/CreateEndPoint")[0]["headers"].items()}
    assert headers["x-authorization"] == "Bearer ***"
    assert headers["x-requested-with"] == "XMLHttpRequest"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    assert "cookie" not in headers


async def test_an_activation_and_its_second_time(sft):
    endpoint = await sft.created()

    first, second = [await sft.act(Kind.ACTIVATE, endpoint) for _ in range(2)]

    assert (outcome(first), first.already, first.code) == ((DONE, None), False, "5014")
    assert (outcome(second), second.already, second.code) == ((DONE, None), True, "2507")
    assert [entry["body"] for entry in sft.sent("/EndPointActivation")] == [{"Request": {"endPointId": endpoint}}] * 2
    assert sft.commits("activate") == ["activate"]


async def test_an_activation_by_lifecycle_is_a_setting(start):
    sft = await start(activate_with="EndPointLifeCycleChange")
    endpoint = await sft.created()

    first, second = [await sft.act(Kind.ACTIVATE, endpoint) for _ in range(2)]

    assert (outcome(first), outcome(second), second.already) == ((DONE, None), (DONE, None), True)
    body = {"Request": {"endPointId": endpoint, "requestParam": {"lifeCycle": "A", "reason": "1"}}}
    assert sft.sent("/EndPointLifeCycleChange")[0]["body"] == body


async def test_a_tag_is_attached(sft):
    endpoint = await sft.created()

    answer = await sft.act(Kind.TAG, endpoint, "q1")

    assert outcome(answer) == (DONE, None)
    assert sft.sent("/createEndpointTag")[0]["body"] == {"endpointTagInfo": {"endpointId": endpoint, "tagName": "q1"}}
    assert await sft.platform.tags_of(endpoint) == {"q1"}


async def test_a_tag_is_made_known(sft):
    answer = await sft.platform.prepare_tag("q1")

    assert outcome(answer) == (DONE, None)
    assert sft.sent("/createTag")[0]["body"] == {"tagInfo": {"createTag": [{"tagName": "q1"}]}}


@pytest.mark.parametrize(
    ("group", "path", "fields"),
    [
        ("eu", "/SubscribeAddon", {"requestParam": {"endPointId": "ID", "planId": "654321"}}),
        ("base", "/ChangePlan", {"endPointId": "ID", "requestParam": {"planId": "DEFAULTPRE1"}}),
    ],
)
async def test_a_group_is_an_add_on_or_a_plan(sft, group, path, fields):
    endpoint = await sft.created()

    answer = await sft.act(Kind.ASSIGN, endpoint, group)

    assert outcome(answer) == (DONE, None)
    assert sft.sent(path)[0]["body"] == json.loads(json.dumps({"Request": fields}).replace("ID", endpoint))


async def test_a_group_may_be_a_tag(sft):
    endpoint = await sft.created()

    await sft.act(Kind.ASSIGN, endpoint, "label")

    assert await sft.platform.tags_of(endpoint) == {"label"}
    assert await sft.platform.assigned(endpoint, "label") == 1


async def test_paths_can_be_set(start):
    sft = await start(knobs={"set_b_aliases": True}, paths={"create": "/NoSuchCall"})

    answer = await sft.create()

    assert (outcome(answer), answer.code) == ((NOT_DONE, Because.REFUSED), "http 404")
    assert sft.sent("/NoSuchCall")


# --- refusals ---


async def test_a_sim_that_is_attached_already_is_refused(sft):
    await sft.create()

    answer = await sft.create()

    assert (outcome(answer), answer.code, answer.endpoint_id) == ((NOT_DONE, Because.REFUSED), "9102", None)
    assert answer.text == "SIM is already attached to an endpoint"


async def test_an_unknown_sim_is_refused(sft):
    assert outcome(await sft.perform(Kind.CREATE, "8944000000000000000")) == (NOT_DONE, Because.REFUSED)


async def test_the_text_of_a_refusal_is_kept_without_what_would_act_in_a_page(start):
    sft = await start({"fault": "refused", "route": CREATE, "code": "10117"})

    answer = await sft.create()

    assert (answer.code, answer.text) == ("10117", "Incorrect value \u2039b\u203afor this item\u2039/b\u203a")


async def test_one_that_is_forbidden_is_refused_and_the_others_go_on(start):
    """A gateway forbids this one item; the login is as good as before."""
    sft = await start()
    sft.faults({"fault": "forbidden", "route": CREATE, "iccids": [sft.iccids[1]]})
    await sft.create(0)

    forbidden, after = await sft.create(1), await sft.create(2)

    assert outcome(forbidden) == (NOT_DONE, Because.REFUSED)
    assert outcome(after) == (DONE, None)
    assert sft.commits() == ["create", "create"]


# --- unknown outcomes ---


@pytest.mark.parametrize(
    ("rule", "committed"),
    [
        ({"fault": "error_before"}, False),
        ({"fault": "error_after"}, True),
        ({"fault": "html_502", "when": "before"}, False),
        ({"fault": "html_502"}, True),
        ({"fault": "html_502", "status": 200}, True),
        ({"fault": "unavailable"}, False),
        ({"fault": "unavailable", "when": "after", "retry_after": "1"}, True),
        ({"fault": "timeout_code_applied"}, True),
        ({"fault": "timeout_code_applied", "late": 60}, False),
        ({"fault": "reset_before"}, False),
        ({"fault": "reset_after"}, True),
        ({"fault": "reset_before", "form": "fin"}, False),
        ({"fault": "reset_after", "form": "fin"}, True),
        ({"fault": "cut_body"}, True),
        ({"fault": "cut_body", "form": "close"}, True),
        ({"fault": "redirect"}, False),
        ({"fault": "redirect", "when": "after", "status": 302}, True),
        ({"fault": "empty_id"}, True),
        ({"fault": "hang_before", "seconds": 0.05}, False),
        ({"fault": "hang_after", "seconds": 0.05}, True),
    ],
)
async def test_an_unknown_outcome_is_unknown_and_is_not_sent_again(start, rule, committed):
    sft = await start({"route": CREATE, **rule})

    answer = await sft.create()

    assert (outcome(answer), answer.endpoint_id) == ((UNKNOWN, None), None)
    assert sft.requests(CREATE) == 1
    assert bool(sft.commits("create")) is committed


@pytest.mark.parametrize("rule", [{"fault": "hang_after"}, {"fault": "hang_before"}, {"fault": "drip", "delay": 0.05}])
async def test_a_call_ends_at_its_deadline_with_an_unknown_outcome(start, rule):
    """The deadline is for the whole call, also when the answer comes byte by byte."""
    sft = await start({"route": CREATE, **rule}, deadline_seconds=0.3)

    answer = await sft.create()

    assert (outcome(answer), answer.text) == ((UNKNOWN, None), "no complete answer within 0.3 s")
    assert sft.requests(CREATE) == 1


async def test_a_connection_that_was_closed_while_idle_is_no_reason_to_send_twice(sft):
    """The second call goes out on a connection that the platform closes at this very moment."""
    await sft.create(0)
    sft.faults({"fault": "reset_before", "form": "fin", "route": "EndPointActivation"})
    endpoint = next(iter(sft.simulator.state.endpoints))

    answer = await sft.act(Kind.ACTIVATE, endpoint)

    assert (outcome(answer), sft.requests("EndPointActivation")) == ((UNKNOWN, None), 1)


async def test_a_yes_without_an_id_is_unknown(start):
    sft = await start({"fault": "empty_id", "route": CREATE})

    answer = await sft.create()

    assert (outcome(answer), answer.text) == ((UNKNOWN, None), "the platform said yes and named no endpoint id")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"endPointId": "1000042"}, "1000042"),
        ({"endPointId": 1000042}, "1000042"),
        ({"responseParam": {"endPointId": "1000042"}}, "1000042"),
        ({"endPointId": "-", "responseParam": {"endPointId": "1000042"}}, "1000042"),
        ({"endPointId": "-"}, None),
        ({"endPointId": None}, None),
        ({"endPointId": 1e18}, None),
        ({"endPointId": ["1"]}, None),
        ({"endpointId": "1"}, None),
        ({}, None),
    ],
)
async def test_the_id_is_found_in_either_place_and_only_when_it_is_usable(serve, fields, found):
    client, server = await serve()
    server.answers["/api/CreateEndPoint"] = reply(envelope(**fields))

    answer = await client.perform(Kind.CREATE)

    assert answer.endpoint_id == found
    assert answer.verdict is (DONE if found else UNKNOWN)


# --- asking too often ---


@pytest.mark.parametrize("form", ["http429", "envelope"])
async def test_a_call_that_was_throttled_was_not_done_and_slows_the_account_down(start, form):
    sft = await start({"fault": "throttle", "route": CREATE, "form": form, "retry_after": "7"})

    answer = await sft.create()

    assert outcome(answer) == (NOT_DONE, Because.THROTTLED)
    assert sft.commits() == []
    assert sft.requests(CREATE) == 1
    bucket = sft.buckets.bucket
    assert bucket.factor == 0.5
    assert bucket.next_at - sft.buckets.clock() == pytest.approx(7, abs=1)


async def test_many_that_were_throttled_together_slow_the_account_down_once(start):
    fault = {"fault": "throttle", "route": CREATE, "when": "after"}
    sft = await start(fault, knobs={"latency_write": 0.2})

    answers = await asyncio.gather(*(sft.create(number) for number in range(10)))

    assert {outcome(answer) for answer in answers} == {(NOT_DONE, Because.THROTTLED)}
    assert sft.requests(CREATE) == 10
    assert (sft.buckets.bucket.factor, sft.buckets.bucket.strikes) == (0.5, 1)


@pytest.mark.parametrize(("header", "seconds"), [("date", 5), ("0", 2), ("-1", 2), ("soon", 2), ("1000000000", 900)])
async def test_whatever_the_platform_says_the_wait_is_sensible(start, header, seconds):
    sft = await start({"fault": "throttle", "route": CREATE, "retry_after": header})

    await sft.create()

    assert sft.buckets.bucket.next_at - sft.buckets.clock() == pytest.approx(seconds, abs=1.1)


async def test_every_request_takes_its_turn(start):
    """Logins and reads count at the platform like writes."""
    sft = await start(logged_in=False, rate_per_second=100)

    await sft.platform.login()
    await asyncio.gather(*(sft.create(number) for number in range(5)), sft.platform.sims_page(1))

    assert sft.pacer.calls == sft.requests() == 7


# --- not sent at all ---


async def test_a_closed_port_means_that_nothing_was_sent(sft):
    await sft.simulator.stop()
    await asyncio.sleep(0.1)  # a connection whose end was not yet noticed would leave the outcome unknown

    answer = await sft.create()

    assert (outcome(answer), answer.text) == ((NOT_DONE, Because.UNREACHABLE), "the connection was refused")


async def test_after_a_stop_no_call_starts(sft):
    sft.pacer.close()

    answer = await sft.create()

    assert outcome(answer) == (NOT_DONE, Because.STOPPED)
    assert sft.requests(CREATE) == 0


async def test_a_call_whose_turn_comes_too_late_is_given_back(start):
    sft = await start(deadline_seconds=0.2)
    sft.slack = 0.0
    await sft.pacer.refused(sft.buckets.clock(), 0.4)

    answer = await sft.create()

    assert (outcome(answer), answer.text) == ((NOT_DONE, Because.STOPPED), "its turn came too late")
    assert sft.requests(CREATE) == 0


async def test_a_call_that_had_to_wait_for_a_login_too_long_is_given_back(start):
    """When absence may be believed is reckoned from the last moment at which a call may start."""
    sft = await start(logged_in=False, knobs={"latency_login": 0.5}, deadline_seconds=0.2)
    sft.slack = 0.0

    answer = await sft.create()

    assert outcome(answer) == (NOT_DONE, Because.STOPPED)
    assert sft.requests(CREATE) == 0


async def test_never_more_calls_at_once_than_allowed(start):
    sft = await start(knobs={"latency_write": 0.05, "latency_read": 0.05}, max_in_flight=3)

    await asyncio.gather(*(sft.create(number) for number in range(9)), *(sft.platform.sims_page(1) for _ in range(9)))

    assert sft.simulator.engine.stats.max_concurrent == 3


async def test_a_call_whose_turn_the_store_cannot_give_was_not_made(start):
    sft = await start()
    sft.pacer._slots.clear()
    sft.buckets.broken = StoreUnavailable()

    answer = await sft.create()

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.STOPPED)
    assert sft.requests("CreateEndPoint") == 0


async def test_a_refusal_for_asking_too_often_is_known_though_the_store_is_away(start):
    sft = await start()
    sft.faults({"fault": "throttle", "route": "CreateEndPoint", "times": 1})

    async def refuse(*_):
        raise StoreUnavailable

    sft.buckets.refused = refuse

    assert (await sft.create()).because is Because.THROTTLED
