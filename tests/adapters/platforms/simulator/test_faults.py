import asyncio
import json
import time
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

BROKEN = (aiohttp.ClientError, ConnectionError)


async def create(sft, **options):
    """Create over plain HTTP and return status, headers and text."""
    async with sft.request("POST", "/CreateEndPoint", json=sft.creation(), **options) as response:
        return response.status, response.headers, await response.text()


@pytest.mark.parametrize(
    ("rule", "status", "committed"),
    [
        ({"fault": "error_before"}, 500, False),
        ({"fault": "error_after"}, 500, True),
        ({"fault": "html_502", "when": "before"}, 502, False),
        ({"fault": "html_502"}, 502, True),
        ({"fault": "html_502", "status": 200}, 200, True),
        ({"fault": "unavailable"}, 503, False),
        ({"fault": "unavailable", "when": "after"}, 503, True),
        ({"fault": "throttle"}, 429, False),
        ({"fault": "throttle", "when": "after"}, 429, True),
        ({"fault": "throttle", "form": "envelope"}, 200, False),
        ({"fault": "forbidden"}, 403, False),
        ({"fault": "refused"}, 200, False),
        ({"fault": "redirect"}, 307, False),
        ({"fault": "redirect", "status": 302, "when": "after"}, 302, True),
        ({"fault": "token_expired"}, 200, False),
        ({"fault": "token_expired", "form": "3"}, 401, False),
        ({"fault": "timeout_code_applied"}, 200, True),
        ({"fault": "empty_id"}, 200, True),
    ],
)
async def test_an_answered_fault_has_its_status_and_its_true_effect(start, rule, status, committed):
    sft = await start(faults=[{"route": "CreateEndPoint", **rule}])
    assert (await create(sft))[0] == status
    assert sft.kinds() == (["create"] if committed else [])


@pytest.mark.parametrize(
    ("rule", "committed"),
    [
        ({"fault": "reset_before"}, False),
        ({"fault": "reset_after"}, True),
        ({"fault": "reset_before", "form": "fin"}, False),
        ({"fault": "reset_after", "form": "fin"}, True),
        ({"fault": "cut_body"}, True),
        ({"fault": "hang_before", "seconds": 0.05}, False),
        ({"fault": "hang_after", "seconds": 0.05}, True),
    ],
)
async def test_a_broken_connection_has_its_true_effect(start, rule, committed):
    sft = await start(faults=[{"route": "CreateEndPoint", "times": 1, **rule}])
    with pytest.raises(BROKEN):
        await create(sft)
    assert sft.kinds() == (["create"] if committed else [])
    assert ((await sft.sim(sft.iccids[0]))["endPointId"] != "-") is committed


async def test_a_reset_is_a_tcp_reset(start):
    sft = await start(faults=[{"fault": "reset_before", "route": "login"}], logged_in=False)
    reader, writer = await asyncio.open_connection("127.0.0.1", sft.simulator.port)
    writer.write(b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_hang_ends_when_the_client_leaves(start):
    sft = await start(faults=[{"fault": "hang_after", "route": "CreateEndPoint", "times": 1}])
    with pytest.raises(asyncio.TimeoutError):
        await create(sft, timeout=aiohttp.ClientTimeout(total=0.05))
    await sft.until(lambda: sft.simulator.engine.stats.in_flight == 0)
    assert sft.kinds() == ["create"]


async def test_a_body_can_be_cut_as_valid_http_with_broken_json(start):
    sft = await start(faults=[{"fault": "cut_body", "form": "close", "route": "CreateEndPoint"}])
    status, _, text = await create(sft)
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_the_platforms_time_out_answers_10240_and_applies_the_change_late(start, code):
    rule = {"fault": "timeout_code_applied", "route": "CreateEndPoint", "late": 0.3}
    sft = await start(faults=[rule])
    answer = json.loads((await create(sft))[2])["Response"]
    assert code(answer) == ("1", "10240")
    assert answer["resultParam"]["resultDescription"].startswith("API operation has Time out.")
    assert sft.kinds() == []
    await sft.until(lambda: sft.kinds() == ["create"])


async def test_a_late_commit_happens_after_the_client_has_left(start):
    sft = await start(faults=[{"fault": "late_commit", "route": "CreateEndPoint", "late": 0.3, "seconds": 0.02}])
    with pytest.raises(BROKEN):
        await create(sft)
    assert sft.kinds() == []
    await sft.until(lambda: sft.kinds() == ["create"])


async def test_a_late_commit_fails_silently_when_the_sim_was_taken_meanwhile(start):
    sft = await start(
        faults=[{"fault": "late_commit", "route": "CreateEndPoint", "late": 0.1, "seconds": 0, "times": 1}]
    )
    with pytest.raises(BROKEN):
        await create(sft)
    await create(sft)
    await asyncio.sleep(0.12)
    assert sft.kinds() == ["create"]


@pytest.mark.parametrize("value", ["5", "-5", "1000000000", "soon"])
async def test_a_throttle_sends_any_retry_after(start, value):
    sft = await start(faults=[{"fault": "throttle", "route": "CreateEndPoint", "retry_after": value}])
    assert (await create(sft))[1]["Retry-After"] == value


async def test_a_throttle_sends_an_http_date_or_nothing(start):
    sft = await start(
        faults=[
            {"fault": "throttle", "route": "CreateEndPoint", "nth": 1, "retry_after": "date"},
            {"fault": "throttle", "route": "CreateEndPoint", "nth": 2},
        ]
    )
    date = parsedate_to_datetime((await create(sft))[1]["Retry-After"])
    assert 0 < date.timestamp() - time.time() < 10
    assert "Retry-After" not in (await create(sft))[1]


async def test_a_redirect_points_to_another_host(start):
    sft = await start(faults=[{"fault": "redirect", "route": "CreateEndPoint"}])
    assert (await create(sft))[1]["Location"] == "http://elsewhere.invalid/api/CreateEndPoint"


async def test_a_drip_sends_the_whole_answer_slowly(start):
    sft = await start(faults=[{"fault": "drip", "route": "CreateEndPoint", "delay": 0.0002}])
    started = time.monotonic()
    assert json.loads((await create(sft))[2])["Response"]["resultCode"] == "0"
    assert time.monotonic() - started > 0.04


async def test_an_id_can_be_missing_or_that_of_another(start):
    sft = await start(faults=[{"fault": "duplicate_id", "nth": 2}, {"fault": "empty_id", "nth": 3}])
    first, second, third = [await sft.create(iccid) for iccid in sft.iccids[:3]]
    assert second["endPointId"] == first["endPointId"]
    assert (third["resultCode"], "endPointId" in third) == ("0", False)
    assert len(sft.simulator.state.endpoints) == 3


async def test_a_look_up_can_ignore_its_filter(start):
    sft = await start(faults=[{"fault": "filter_ignored", "route": "fetchSIM"}])
    answer = await sft.get("/fetchSIM", iccid="8944000000000000000", perPage="5", page="3")
    assert [row["iccid"] for row in answer["responseParam"]["rows"]] == sft.iccids[:5]


@pytest.mark.parametrize("form", ["other", "spaced", "padded", "number"])
async def test_a_look_up_can_answer_another_iccid_or_write_it_otherwise(start, form):
    sft = await start(faults=[{"fault": "wrong_iccid", "route": "fetchSIM", "form": form}])
    found = (await sft.sim(sft.iccids[0]))["iccid"]
    assert found != sft.iccids[0]
    assert form == "other" or sft.iccids[0] in str(found).replace(" ", "")


async def test_a_look_up_can_show_two_endpoints_for_one_sim(start):
    sft = await start(faults=[{"fault": "two_rows", "route": "fetchSIM"}])
    await sft.create()
    rows = (await sft.get("/fetchSIM", iccid=sft.iccids[0]))["responseParam"]["rows"]
    assert len({row["endPointId"] for row in rows}) == 2


async def test_faults_can_be_set_per_iccid_on_every_call_that_names_it(start):
    sft = await start()
    bad, good = sft.iccids[:2]
    ids = [await sft.created(iccid) for iccid in (bad, good)]
    await sft.admin("/faults", [{"fault": "refused", "iccids": [bad], "code": "10117"}])
    answers = [await sft.write("/EndPointActivation", endpoint_id) for endpoint_id in ids]
    assert [answer["resultCode"] for answer in answers] == ["1", "0"]


async def test_a_request_without_a_valid_token_meets_no_fault(start, code):
    sft = await start(faults=[{"fault": "error_after", "route": "CreateEndPoint"}])
    sft.token = "nonsense"
    assert code(await sft.create()) == ("1", "401")


async def test_stopping_does_not_wait_for_hanging_requests(start):
    sft = await start(faults=[{"fault": "hang_before", "route": "CreateEndPoint"}])
    hanging = asyncio.create_task(create(sft))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await sft.simulator.stop()
    assert time.monotonic() - started < 10
    with pytest.raises(BROKEN):
        await hanging
