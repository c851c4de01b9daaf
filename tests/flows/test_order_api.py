"""The order service's answers, from a real desk on a real store and the real simulator; without sockets and Prefect."""

import asyncio
import json

import pytest

from adapters.http.limits import MAX_BODY
from adapters.http.tokens import Tokens
from domain.errors import UsageError
from domain.order import OrderState
from flows.order_service import check_address
from tests.flows.ordering import TOKEN, WITH_TOKEN, served
from tests.support.fleet_shop import FLEET, open_fleet_shop


@pytest.fixture
def fleet_service_of(store_here):
    """Opens services of a Stacuity account."""
    return lambda sims: served(open_fleet_shop(*store_here, sims=sims), account=FLEET)


async def test_an_order_is_answered_with_its_endpoint(service_of):
    async with service_of() as service:
        answer = await service.sell()

        endpoint = next(iter(service.shop.simulator.state.endpoints.values()))
        assert answer.status_code == 200
        assert answer.json() == {
            "order": "A-1",
            "state": "done",
            "iccid": service.shop.iccids[0],
            "endpoint_id": endpoint.id,
            "endpoint_state": "active",
            "tag": "spring",
            "group": "eu",
            "lpa": None,
            "message": "The endpoint is active and in its group.",
        }
        assert (await service.get("/orders/A-1")).json() == answer.json()


async def test_the_same_order_sent_twenty_times_at_once_is_one_sim(service_of):
    async with service_of(sims=30) as service:
        answers = await asyncio.gather(*(service.sell() for _ in range(20)))

        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json()["iccid"] for answer in answers} == {service.shop.iccids[0]}
        assert service.shop.in_service() == {service.shop.iccids[0]: 1}
        assert service.shop.done["activate"] == 1


async def test_two_hundred_buyers_of_a_hundred_sims_get_a_hundred_and_a_hundred_clear_answers(service_of):
    async with service_of(sims=100) as service:
        answers = await asyncio.gather(*(service.sell(f"A-{number}") for number in range(200)))

        sold = [answer.json()["iccid"] for answer in answers if answer.status_code == 200]
        out = [answer.json() for answer in answers if answer.status_code == 409]
        assert (len(sold), len(set(sold)), len(out)) == (100, 100, 100)
        assert {one["state"] for one in out} == {"no_stock"}
        assert {one["message"][:33] for one in out} == {"No pre-active SIM was free; nothi"}
        assert service.shop.in_service() == dict.fromkeys(service.shop.iccids, 1)


async def test_a_group_that_takes_no_endpoints_is_a_wrong_request_and_a_full_one_is_out_of_stock(fleet_service_of):
    async with fleet_service_of(sims=4) as service:
        service.shop.subnet("fleet-main", "10.9.0.0/30")
        wrong = [await service.sell(group=group) for group in ("typo-group", "meter-apn", "no-routing")]
        sold = [await service.sell(f"A-{number}", group="fleet-main") for number in range(3)]
        full = sold[-1].json()

        assert [answer.status_code for answer in wrong] == [422] * 3
        assert all(list(answer.json()) == ["message"] for answer in wrong)
        assert (await service.get("/orders/A-1")).json()["state"] == "done"
        assert [answer.status_code for answer in sold] == [200, 200, 409]
        assert (full["state"], full["iccid"]) == ("no_stock", None)
        assert full["message"].startswith("The group 'fleet-main' has addresses for 0 more endpoints in 10.9.0.0/30")


async def test_an_order_that_is_being_looked_up_is_in_progress_and_then_done(service_of):
    slow = "deadline_seconds = 0.5\nsettle_seconds = 1"
    async with service_of(more=slow, answer_within=0.2) as service:
        service.shop.faults({"fault": "hang_after", "route": "EndPointActivation", "times": 1, "seconds": 3})
        first = await service.sell()
        assert (first.status_code, first.json()["state"]) == (202, "in_progress")
        assert first.headers["Retry-After"] == "2"
        async with asyncio.timeout(30):
            while (answer := await service.sell()).status_code == 202:
                pass

        assert answer.json()["state"] == "done"
        assert service.shop.in_service() == {answer.json()["iccid"]: 1}


async def test_an_order_that_needs_a_person_says_so(service_of):
    async with service_of() as service:
        service.shop.faults({"fault": "refused", "route": "SubscribeAddon", "times": 1})
        answer = await service.sell()

        assert (answer.status_code, answer.json()["state"]) == (409, "needs_human")
        assert (await service.get("/health")).json()["needs_human"] == 1


async def test_a_platform_that_is_away_is_told_and_the_order_is_kept(service_of):
    async with service_of(answer_within=0.5) as service:
        await service.shop.simulator.stop()
        answer = await service.sell()

        assert answer.status_code in (202, 503)
        assert (await service.get("/orders/A-1")).json()["state"] == "in_progress"


async def test_an_account_whose_calls_the_platform_refuses_is_told_without_its_name(service_of):
    async with service_of() as service:
        service.shop.faults({"fault": "token_expired", "route": "EndPointActivation", "times": 1})
        answer = await service.sell()

        assert answer.status_code == 503
        assert answer.json()["message"].startswith("The platform refused our login; an operator has to look.")
        assert "api-user" not in answer.text


# --- what is refused ---


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"order": ""}, "order: String should match"),
        ({"order": "a b"}, "order: String should match"),
        ({"order": "../x"}, "order: String should match"),
        ({"order": "A" * 101}, "order: String should match"),
        ({"order": 7}, "order: Input should be a valid string"),
        ({"group": "mars"}, "The account has no group 'mars'"),
        ({"tag": "a b"}, "The tag 'a b' is not usable"),
        ({"iccid": "8944"}, "Wrong request: the field 'iccid' is not known; there are: order, tag, group."),
        ({"quantity\n\u202e" + "x" * 99: 2}, "the field 'quantity\ufffd\ufffdxxx"),
        ({"tag": "sprng"}, "No SIM of the account ever carried the tag 'sprng'; no SIM was taken"),
        ({"tag": "\u00a3\U000bd91b"}, "The tag '\u00a3\ufffd' is not usable"),
    ],
)
async def test_a_wrong_request_is_refused_in_one_sentence_and_nothing_is_kept(service_of, fields, words):
    async with service_of(sims=1) as service:
        answer = await service.sell(**fields)

        assert answer.status_code == 422
        assert words in answer.json()["message"]
        assert (await service.get("/health")).json()["unfinished"] == 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "The body is not JSON: Expecting property name enclosed in double quotes at character 2."),
        (b'{"order": "A-1"}}', "The body is not JSON: Extra data at character 17."),
        (b'\xff{"order": "A-1"}', "The body is not JSON that could be an order."),
        (b"[" * 4000, "The body is not JSON that could be an order."),
        (b'{"order": "A-1", "tag": NaN}', "The body is not JSON that could be an order."),
        (b'{"order": "A-1", "tag": "spring", "order": "A-2"}', "The body names the field 'order' twice"),
        (b'{"order": "A-1", "\\u006frder": "A-2"}', "The body names the field 'order' twice"),
    ],
)
async def test_a_body_that_is_broken_or_could_mean_two_things_is_400_and_sells_nothing(service_of, body, words):
    async with service_of(sims=1) as service:
        answer = await service.client.post("/orders", content=body, headers={"Content-Type": "application/json"})

        assert (answer.status_code, list(answer.json())) == (400, ["message"])
        assert answer.json()["message"].startswith(words)
        assert service.shop.in_service() == {}
        assert (await service.get("/orders/A-1")).status_code == 404


async def test_a_number_that_was_used_for_something_else_is_refused(service_of):
    async with service_of() as service:
        await service.sell()
        answer = await service.sell(group="us")

        assert answer.status_code == 422
        assert answer.json()["message"].startswith("Order A-1 was placed before for tag 'spring' and group 'eu'")
        assert len(service.shop.in_service()) == 1


@pytest.mark.parametrize("claimed", [True, False])
async def test_a_body_that_is_too_large_is_refused_whatever_it_claims(service_of, claimed):
    async with service_of(sims=1) as service:
        body = b'{"order": "A-1", "tag": "' + b"x" * MAX_BODY + b'"}'

        async def pieces():
            yield body

        answer = await service.client.post("/orders", content=body if claimed else pieces())

        assert answer.status_code == 413


async def test_a_form_that_a_web_page_could_send_is_no_order(service_of):
    async with service_of(sims=1) as service:
        body = json.dumps({"order": "A-1"})
        answer = await service.client.post("/orders", content=body, headers={"Content-Type": "text/plain"})

        assert answer.status_code == 422
        assert (await service.get("/orders/A-1")).status_code == 404


async def test_an_unknown_order_is_not_found(service_of):
    async with service_of(sims=1) as service:
        assert (await service.get("/orders/A-9")).status_code == 404
        assert (await service.get("/orders/A-9/qr.png")).status_code == 404


# --- who may call ---


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer ü"]
)
async def test_without_the_token_nothing_is_sold_or_shown(service_of, given):
    async with service_of(sims=1, token=TOKEN) as service:
        headers = {} if given is None else {"Authorization": given.encode("utf-8")}
        calls = [
            service.client.post("/orders", json={"order": "A-1"}, headers=headers),
            service.get("/orders/A-1", headers=headers),
            service.get("/orders/A-1/qr.png", headers=headers),
        ]
        for call in calls:
            answer = await call
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert TOKEN not in answer.text
        assert service.shop.in_service() == {}


async def test_with_the_token_orders_are_sold(service_of):
    async with service_of(token=TOKEN, host="shop.example") as service:
        service.client.headers.update(WITH_TOKEN)

        assert (await service.sell()).status_code == 200


async def test_every_route_but_health_and_the_pages_asks_for_the_token(service_of):
    async with service_of(sims=1, token=TOKEN) as service:
        paths = (await service.get("/openapi.json")).json()["paths"]
        open_to_all = {
            path
            for path, methods in paths.items()
            for method in methods
            if (await service.client.request(method, path.replace("{order}", "A-1"), json={})).status_code != 401
        }

        assert open_to_all == {"/health"}


async def test_without_a_token_only_requests_that_name_this_machine_are_answered(service_of):
    async with service_of(sims=1, host="rebound.example") as service:
        answer = await service.sell()

        assert (answer.status_code, list(answer.json())) == (400, ["message"])
        assert service.shop.in_service() == {}


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost:8770", "[::1]:8770"])
async def test_every_name_of_this_machine_will_do(service_of, host):
    async with service_of(sims=1, host=host) as service:
        assert (await service.get("/health")).status_code == 200


async def test_the_token_is_asked_for_before_anything_else_of_a_request_is_read(service_of):
    async with service_of(sims=1, token=TOKEN) as service:
        wrong = await service.client.post("/orders", content=b"{", headers={"Content-Type": "application/json"})

        assert wrong.status_code == 401


async def test_without_the_token_health_says_no_more_than_well_or_not(service_of):
    async with service_of(sims=1, token=TOKEN) as service:
        assert (await service.get("/health")).json() == {"well": True}
        assert (await service.get("/health", headers=WITH_TOKEN)).json()["account"] == "travel"


async def test_a_token_that_was_changed_in_its_file_is_taken_and_the_old_one_for_a_while_longer():
    now, written = [0.0], ["the-first-token-of-all"]
    tokens = Tokens(lambda: written[0], clock=lambda: now[0])

    def taken_at(seconds, file):
        now[0], written[0] = seconds, file
        return tokens.accepted()

    assert taken_at(0, "the-first-token-of-all") == ("the-first-token-of-all",)
    assert taken_at(3, "short") == ("the-first-token-of-all",)  # half written
    both = ("the-second-token-of-all", "the-first-token-of-all")
    assert taken_at(6, "the-second-token-of-all") == both
    assert taken_at(605, "the-second-token-of-all") == both
    assert taken_at(607, "the-second-token-of-all") == ("the-second-token-of-all",)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/orders", 405)])
async def test_every_refusal_is_a_message(service_of, method, path, status):
    async with service_of(sims=1) as service:
        answer = await service.client.request(method, path)

        assert (answer.status_code, list(answer.json())) == (status, ["message"])


async def test_the_page_needs_nothing_from_elsewhere_and_shows_every_call_and_field(service_of):
    async with service_of(sims=1) as service:
        page = await service.get("/docs")
        schema = (await service.get("/openapi.json")).json()

        assert "<script" not in page.text
        assert "http" not in page.text.replace("http-equiv", "")
        assert [path for path in schema["paths"] if path not in page.text] == []
        assert [
            name for name in schema["components"]["schemas"]["Purchase"]["properties"] if name not in page.text
        ] == []


async def test_every_answer_that_a_call_can_have_stands_in_the_schema(service_of):
    async with service_of(sims=1, token=TOKEN) as service:
        paths = (await service.get("/openapi.json")).json()["paths"]
        known = {path: set(call["responses"]) for path, calls in paths.items() for call in calls.values()}

        assert all({"401", "408", "500", "503"} <= codes for path, codes in known.items() if path != "/health")
        assert {"408", "500", "503"} <= known["/health"]


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_the_schema_asks_for_the_token_only_where_there_is_one(service_of, token):
    async with service_of(sims=1, token=token) as service:
        paths = (await service.get("/openapi.json")).json()["paths"]
        calls = [call for path, calls in paths.items() for call in calls.values() if path != "/health"]

        assert len(calls) == 5
        assert {"security" in call for call in calls} == {bool(token)}
        assert {"401" in call["responses"] for call in calls} == {bool(token)}


async def test_every_state_and_the_form_of_a_tag_stand_in_the_schema_and_on_the_page(service_of):
    async with service_of(sims=1) as service:
        schemas = (await service.get("/openapi.json")).json()["components"]["schemas"]
        page = (await service.get("/docs")).text

        assert schemas["Purchase"]["properties"]["tag"]["pattern"] == "^([A-Za-z0-9_-]{1,100})?$"
        assert [state for state in OrderState if state.value not in page or state.value not in str(schemas)] == []
        assert "`" not in page


@pytest.mark.parametrize("path", ["/orders/A-1", "/health"])
async def test_what_can_be_read_can_be_asked_for_without_its_body(service_of, path):
    async with service_of(sims=1) as service:
        await service.sell()
        head, whole = await service.client.head(path), await service.get(path)

        assert (head.status_code, head.headers["Content-Type"]) == (200, whole.headers["Content-Type"])


async def test_no_cache_keeps_an_answer_that_may_hold_what_the_buyer_scans(service_of):
    async with service_of() as service:
        answers = [await service.sell(), await service.get("/orders/A-1")]

        assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store", "no-store"]


async def test_an_error_that_nobody_expected_leaves_one_line_and_a_file(service_of, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    async with service_of() as service:
        service.desk._book = None  # a defect
        answers = [await service.get("/orders/A-1") for _ in range(3)]

        told = capsys.readouterr().err.splitlines()
        assert {answer.status_code for answer in answers} == {500}
        assert len(told) == 1
        assert told[0].startswith("Unexpected error in the order service, AttributeError; the details are in data/var/")
        assert len(list((tmp_path / "data" / "var").glob("error-*.txt"))) == 1
        service.desk._book = service.session.orders()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example"])
def test_other_machines_are_not_served_without_a_token(host):
    with pytest.raises(UsageError, match=r"does not listen on .* without a token: set PREACTIVE_ORDERS_TOKEN"):
        check_address(host, "")
    check_address(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_is_served_without_a_token(host):
    check_address(host, "")


def test_a_short_token_is_refused():
    with pytest.raises(UsageError, match="shorter than 16 characters"):
        check_address("127.0.0.1", "short")
