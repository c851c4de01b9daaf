import asyncio

from adapters.platforms.simulator.ratelimit import RateLimiter


def test_the_bucket_fills_with_time_up_to_the_burst():
    now = [0.0]
    limiter = RateLimiter(2, burst=3, clock=lambda: now[0])
    assert [limiter.admit("a") for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [limiter.admit("a") for _ in range(2)] == [True, False]
    now[0] = 100
    assert [limiter.admit("a") for _ in range(4)] == [True, True, True, False]


def test_each_account_has_its_own_bucket():
    limiter = RateLimiter(1, burst=1, clock=lambda: 0.0)
    assert [limiter.admit(account) for account in "aabb"] == [True, False, True, False]


async def statuses(sft, count):
    async def one():
        async with sft.request("GET", "/fetchSIM") as response:
            return response.status

    return [await one() for _ in range(count)]


async def test_too_many_requests_get_429_and_logins_count_too(start):
    sft = await start(rate_per_second=0.1, burst=3)
    assert await statuses(sft, 4) == [200, 200, 429, 429]
    assert (await sft.admin("/stats"))["refused_for_rate"] == 2


async def test_a_refused_request_changes_nothing(start):
    sft = await start(rate_per_second=0.1, burst=1)
    async with sft.request("POST", "/CreateEndPoint", json=sft.creation()) as response:
        assert response.status == 429
        assert "Retry-After" not in response.headers
    await asyncio.sleep(0.02)
    assert sft.kinds() == []


async def test_the_refusal_can_come_as_an_envelope(start, code):
    sft = await start(rate_per_second=0.1, burst=1, rate_form="envelope")
    async with sft.request("GET", "/fetchSIM") as response:
        assert response.status == 200
        answer = (await response.json())["Response"]
    assert code(answer) == ("1", "429")
    assert "rate limit" in answer["resultParam"]["resultDescription"]
    assert "responseParam" not in answer


async def test_the_refusal_carries_the_wished_retry_after(start):
    sft = await start(rate_per_second=0.1, burst=1, retry_after="-7")
    async with sft.request("GET", "/fetchSIM") as response:
        assert response.headers["Retry-After"] == "-7"


async def test_the_limit_can_drop_while_running(start):
    sft = await start()
    assert await statuses(sft, 3) == [200] * 3
    await sft.admin("/settings", {"rate_per_second": 0.1, "burst": 1})
    assert await statuses(sft, 3) == [200, 429, 429]
