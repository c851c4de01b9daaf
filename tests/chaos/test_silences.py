"""A database that falls silent at every request of a sale: all are answered in time, and each order gets one SIM."""

import pytest

from tests.flows.silence import hasty, silenced


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("is_given_up", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("is_after", [False, True], ids=["request", "answer"])
async def test_whichever_request_of_a_sale_gets_no_answer_all_are_answered_and_the_order_gets_one_sim(
    postgres, tmp_path, monkeypatch, is_after, is_given_up
):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    if is_given_up:
        hasty(monkeypatch)
    async with silenced(postgres, tmp_path, sims=150) as silence:
        before = silence.relay.requests
        await silence.sold("second")
        for request in range(1, silence.relay.requests - before + 1):
            silence.relay.be_silent_at(request, after=is_after)
            assert (await silence.sold(f"A-{request}")).status_code in (200, 202, 503)
            if silence.relay.is_silent:
                assert await silence.looked() == [503, 503]
            silence.relay.pass_on()
            await silence.goes_on()
