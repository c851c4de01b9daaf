"""Reading from the platform: an answer is used only when it is plainly about what was asked."""

import asyncio

import pytest

from adapters.platforms.sft.client import IMPOSSIBLE_ICCID
from domain.carry import carry_out
from domain.endpoint import SimRecord
from domain.errors import UnknownGroup
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.outcome import Because, Verdict
from domain.ports import EndpointProfile, ReadFailed, ReadStopped
from domain.survey import survey
from tests.support.scripted_server import envelope, raw, reply

SIMS = "fetchSIM"


def rows(*sims, **response):
    """A list of SIMs as the platform writes it."""
    return reply(envelope(responseParam={"rows": list(sims)}, **response))


def row(iccid, endpoint_id="-", status="Ready To Activate"):
    return {"iccid": iccid, "endPointId": endpoint_id, "simStatus": status}


# --- one SIM ---


async def test_a_sim_is_shown_with_its_endpoint_and_state(sft):
    endpoint = await sft.created(3)

    found = await sft.platform.sim(sft.iccids[3])

    assert found == SimRecord(sft.iccids[3], endpoint, Lifecycle.PRE_ACTIVE, "Pre-Active")


async def test_a_sim_in_stock_has_no_endpoint(sft):
    found = await sft.platform.sim(sft.iccids[0])

    assert found == SimRecord(sft.iccids[0], None, Lifecycle.STOCK, "Ready To Activate")


async def test_a_state_that_is_not_known_is_none_and_keeps_its_word(start):
    sft = await start(knobs={"oem": True})
    await sft.create()

    found = await sft.platform.sim(sft.iccids[0])

    assert (found.state, found.state_text) == (None, "Active-Test")


async def test_the_question_is_written_exactly_so(sft):
    await sft.platform.sim(sft.iccids[0])

    (request,) = sft.sent("/fetchSIM")
    assert (request["method"], request["path"]) == ("GET", f"/api/fetchSIM?iccid={sft.iccids[0]}")
    assert request["body"] is None


@pytest.mark.parametrize("knobs", [{}, {"no_match": "1359"}])
async def test_a_sim_that_is_not_there_is_none_once_the_filter_was_seen_to_work(start, knobs):
    """An empty answer proves nothing until the same question has found something that is there."""
    sft = await start(knobs=knobs)

    assert await sft.platform.sim("8944000000000000000") is None
    assert [entry["path"].partition("?")[2] for entry in sft.sent("/fetchSIM")] == [
        "iccid=8944000000000000000",
        f"iccid={IMPOSSIBLE_ICCID}",
        "page=1&perPage=100",
        f"iccid={sft.iccids[0]}",
    ]

    assert await sft.platform.sim("8944000000000000001") is None
    assert len(sft.sent("/fetchSIM")) == 5  # the proof is made once


async def test_a_filter_that_finds_nothing_at_all_proves_nothing(serve):
    client, server = await serve()
    server.answers["/api/fetchSIM"] = rows(totalNoOfPages=1)
    assert await client.platform.sim("8944") is None  # an account without any SIM

    client, server = await serve()
    answers = [rows(), rows(), rows(row("8944500000000000001"), totalNoOfPages=1), rows()]

    class Turns(dict):
        def get(self, path, default=None):
            return answers.pop(0) if path == "/api/fetchSIM" else super().get(path, default)

    server.answers = Turns(server.answers)
    with pytest.raises(ReadFailed, match="does not find a SIM that its list shows"):
        await client.platform.sim("8944")


async def test_a_filter_that_is_ignored_is_no_answer(start):
    sft = await start({"fault": "filter_ignored", "route": SIMS})

    with pytest.raises(ReadFailed, match="ignored its filter"):
        await sft.platform.sim("8944000000000000000")


async def test_an_ignored_filter_that_happens_to_show_the_sim_is_an_answer(start):
    sft = await start({"fault": "filter_ignored", "route": SIMS})

    assert (await sft.platform.sim(sft.iccids[2])).iccid == sft.iccids[2]


async def test_two_endpoints_for_one_sim_are_rivals(start):
    sft = await start()
    endpoint = await sft.created()
    sft.faults({"fault": "two_rows", "route": SIMS})

    found = await sft.platform.sim(sft.iccids[0])

    assert (found.endpoint_id, found.rivals) == (endpoint, (f"9{endpoint}",))


async def test_a_look_up_that_finds_what_cannot_exist_is_no_answer(serve):
    """It gives the ICCID back that it was asked for, whatever that is."""
    client, server = await serve()
    answers = [rows(), rows(row(IMPOSSIBLE_ICCID, "E1", "Pre-Active"))]

    class Turns(dict):
        def get(self, path, default=None):
            return answers.pop(0) if path == "/api/fetchSIM" else super().get(path, default)

    server.answers = Turns(server.answers)
    with pytest.raises(ReadFailed, match="an ICCID that cannot exist"):
        await client.platform.sim("8944")


async def test_another_iccid_in_the_answer_is_no_answer(start):
    sft = await start({"fault": "wrong_iccid", "route": SIMS, "form": "other"})

    with pytest.raises(ReadFailed, match="ignored its filter"):
        await sft.platform.sim(sft.iccids[0])


@pytest.mark.parametrize("form", ["spaced", "padded"])
async def test_an_iccid_may_be_written_with_spaces_or_filler(start, form):
    sft = await start({"fault": "wrong_iccid", "route": SIMS, "form": form})

    assert (await sft.platform.sim(sft.iccids[0])).iccid == sft.iccids[0]


async def test_an_iccid_that_came_as_a_number_is_no_answer(start):
    """It may have lost digits; and a row that cannot be read does not say that there is none."""
    sft = await start()
    await sft.platform.sim(sft.iccids[0])  # the filter is proven
    await sft.create(1)
    sft.faults({"fault": "wrong_iccid", "route": SIMS, "form": "number"})

    with pytest.raises(ReadFailed):
        await sft.platform.sim(sft.iccids[1])


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"responseParam": None},
        {"responseParam": []},
        {"responseParam": {}},
        {"responseParam": {"rows": None}},
        {"responseParam": {"rows": {}}},
        {"responseParam": {"rows": [None]}},
        {"responseParam": {"rows": [{"endPointId": "1"}]}},
    ],
)
async def test_a_yes_without_readable_rows_is_no_answer(serve, response):
    client, server = await serve()
    server.answers["/api/fetchSIM"] = rows(row("8944500000000000001", "E1", "Pre-Active"))
    await client.platform.sim("8944500000000000001")  # the filter is proven
    server.answers["/api/fetchSIM"] = reply(envelope(**response))

    with pytest.raises(ReadFailed):
        await client.platform.sim("8944500000000000001")


@pytest.mark.parametrize(("code", "text"), [("10117", "Incorrect value"), ("401x", "no")])
async def test_a_question_that_is_refused_is_not_repeated(serve, code, text):
    client, server = await serve()
    server.answers["/api/fetchSIM"] = reply(envelope("1", code, text))

    with pytest.raises(ReadFailed, match=f"code {code}: {text}"):
        await client.platform.sim("8944")
    assert server.paths() == ["/login", "/fetchSIM"]


@pytest.mark.parametrize("fault", [{"fault": "error_before"}, {"fault": "reset_before"}, {"fault": "cut_body"}])
async def test_a_read_that_failed_is_repeated_since_it_changes_nothing(start, fault):
    sft = await start({**fault, "route": SIMS, "times": 1})

    assert (await sft.platform.sim(sft.iccids[0])).iccid == sft.iccids[0]
    assert sft.requests(SIMS) == 2


async def test_a_throttled_read_waits_and_is_repeated(start):
    sft = await start({"fault": "throttle", "route": SIMS, "times": 2, "retry_after": "0.05"})

    assert (await sft.platform.sim(sft.iccids[0])).iccid == sft.iccids[0]
    assert sft.requests(SIMS) == 3
    assert sft.buckets.bucket.factor == 0.25


async def test_a_stop_ends_a_read(sft):
    sft.pacer.close()

    with pytest.raises(ReadStopped):
        await sft.platform.sim(sft.iccids[0])


# --- pages ---


async def test_pages_come_with_their_number(start):
    sft = await start(page_size=12)

    pages = [await sft.platform.sims_page(number) for number in (1, 2, 3, 4)]

    assert [len(page.sims) for page in pages] == [12, 12, 6, 0]
    assert {page.pages for page in pages} == {3}
    assert [one.iccid for page in pages for one in page.sims] == sft.iccids
    assert sft.sent("/fetchSIM")[1]["path"] == "/api/fetchSIM?page=2&perPage=12"


@pytest.mark.parametrize(
    ("total", "shown", "pages"),
    [(7, 1, 7), ("7", 1, 7), (None, 2, 2), (None, 1, 2), ("x", 2, 2), ({}, 1, 2), (None, 0, 1)],
)
async def test_without_a_number_of_pages_there_is_another_after_each_that_holds_something(serve, total, shown, pages):
    client, server = await serve(page_size=2)
    response = {} if total is None else {"totalNoOfPages": total}
    server.answers["/api/fetchSIM"] = rows(*(row(f"894450000000000000{n}") for n in range(shown)), **response)

    assert (await client.platform.sims_page(1)).pages == pages


async def test_a_page_without_readable_rows_is_no_page(serve):
    client, server = await serve()
    server.answers["/api/fetchSIM"] = reply(envelope(totalNoOfPages=3))

    with pytest.raises(ReadFailed):
        await client.platform.sims_page(1)


async def test_many_sims_are_read_page_by_page(start):
    sft = await start(page_size=10)
    endpoints = [await sft.created(number) for number in range(5)]

    found = await survey(sft.platform, sft.iccids)

    assert [found.sims[iccid].endpoint_id for iccid in sft.iccids[:6]] == [*endpoints, None]
    assert sft.requests(SIMS) == 3


# --- groups and tags ---


async def test_instances_of_an_add_on_are_counted(sft):
    endpoint = await sft.created()
    counts = [await sft.platform.assigned(endpoint, "eu")]
    for target in ("us", "eu", "eu"):
        await sft.act(Kind.ASSIGN, endpoint, target)
        counts.append(await sft.platform.assigned(endpoint, "eu"))

    assert counts == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("plans", "count"),
    [
        ({"plan": [{"planId": "654321"}, {"planId": "654321"}, {"planId": "1"}]}, 2),
        ({"plan": {"planId": "654321"}}, 1),
        ({"plan": [{"planId": 654321}]}, 1),
        ({"plan": []}, 0),
        ({"plan": None}, 0),
        (None, 0),
    ],
)
async def test_instances_are_counted_in_each_form(serve, plans, count):
    client, server = await serve()
    info = {} if plans is None else {"promotionalPlans": plans}
    server.answers["/api/GetEndPointProfile"] = reply(envelope(info={"basicInfo": {}, **info}))

    assert await client.platform.assigned("1", "eu") == count


@pytest.mark.parametrize(
    ("shown", "profile"),
    [
        ({"simDetails": {"iccid": "8944"}, "promotionalPlans": {"plan": [{"planId": "654321"}]}}, ("8944", 1)),
        ({"iccid": "-"}, ("", 0)),
        ({"basicInfo": {}}, None),
        ({"a": {"iccid": "8944"}, "b": {"iccid": "8955"}}, None),
    ],
    ids=["both", "no SIM", "no SIM is named", "two are named"],
)
async def test_one_read_of_a_profile_shows_the_sim_and_the_instances_where_it_names_the_sim(serve, shown, profile):
    client, server = await serve()
    server.answers["/api/GetEndPointProfile"] = reply(envelope(info=shown))
    found = await client.platform.profile("1", "eu")

    assert found == (profile and EndpointProfile(*profile))
    before = len(server.requests)
    await client.platform.profile("1", "eu")
    # Profiles that name no SIM are not read for it again.
    assert len(server.requests) - before == (1 if profile else 0)


@pytest.mark.parametrize("group", ["base", "label"])
async def test_a_group_that_profiles_do_not_show_is_not_looked_for_in_one(sft, group):
    endpoint = await sft.created()

    assert await sft.platform.profile(endpoint, group) is None
    assert sft.requests("GetEndPointProfile") == 0


async def test_a_base_plan_cannot_be_counted(sft):
    endpoint = await sft.created()

    assert await sft.platform.assigned(endpoint, "base") is None


async def test_a_group_that_is_not_in_the_settings_is_said_so(sft):
    with pytest.raises(UnknownGroup):
        await sft.platform.assigned("1", "asia")


async def test_tags_of_an_endpoint(sft):
    endpoint = await sft.created()
    for tag in ("a", "b"):
        await sft.act(Kind.TAG, endpoint, tag)

    assert await sft.platform.tags_of(endpoint) == {"a", "b"}


async def test_a_platform_that_does_not_list_tags_says_nothing_about_them(start):
    sft = await start(knobs={"set_b_tags": False})
    endpoint = await sft.created()

    assert await sft.platform.tags_of(endpoint) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
async def test_a_profile_that_cannot_be_read_is_no_count(serve, body):
    client, server = await serve()
    server.answers["/api/GetEndPointProfile"] = raw(body, status=404)

    with pytest.raises(ReadFailed):
        await client.platform.assigned("1", "eu")


async def test_add_ons_that_are_there_already_are_not_subscribed_again(sft):
    """The count and the call together, as an operation is carried out."""
    endpoint = await sft.created()
    await sft.act(Kind.ACTIVATE, endpoint)
    work = Work(9, Kind.ASSIGN, 1, 9, sft.iccids[0], "n", endpoint, "eu", sft.buckets.clock())

    first, second = [await carry_out(sft.platform, work) for _ in range(2)]

    assert (first.already, second.already) == (False, True)
    assert sft.commits("subscribe_addon") == ["subscribe_addon"]


async def test_reads_wait_for_their_turn_like_writes(start):
    sft = await start(rate_per_second=50)
    loop = asyncio.get_running_loop()
    before = loop.time()

    await asyncio.gather(*(sft.platform.sims_page(1) for _ in range(6)))

    assert loop.time() - before >= 5 / 50 * 0.85


async def test_an_endpoint_that_the_platform_refuses_to_show_is_refused_and_not_out_of_reach(sft):
    """It was deleted behind our back. The platform answers, so that trying again will not help; others go on."""
    endpoint = await sft.created()
    sft.simulator.state.delete(sft.simulator.state.delink(sft.simulator.state.endpoints[endpoint]))
    work = Work(
        9, Kind.ASSIGN, 1, 9, sft.iccids[0], "n", endpoint, "eu", sft.buckets.clock(), seen_at=sft.buckets.clock()
    )

    answer = await carry_out(sft.platform, work)

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.REFUSED)
    assert sft.commits("subscribe_addon") == []
