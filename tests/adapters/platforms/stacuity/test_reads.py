"""Finding endpoints: by page, by ICCID, and never by a filter that was not checked."""

from urllib.parse import parse_qs, urlsplit

import pytest

from domain.carry import carry_out
from domain.endpoint import SimRecord
from domain.errors import LoginRefused, PlatformUnreachable
from domain.lifecycle import Kind, Lifecycle
from domain.outcome import Because, Verdict
from domain.ports import ReadFailed
from domain.reconcile import read_account
from domain.survey import survey
from tests.support.scripted_server import ScriptedServer, reply


async def test_a_good_token_is_accepted_and_its_text_is_not_read(stacuity):
    await stacuity.platform.login()

    assert stacuity.requests() == stacuity.requests("verify_token") == 1


async def test_a_wrong_or_disabled_token_is_refused_without_showing_it(start):
    wrong = await start(token="deadbeefdeadbeefdeadbeefdeadbeef")
    with pytest.raises(LoginRefused) as found:
        await wrong.platform.login()
    disabled = await start(knobs={"disabled_tokens": [wrong.simulator.config.token]})
    with pytest.raises(LoginRefused):
        await disabled.platform.login()

    assert "deadbeef" not in str(found.value)


async def test_a_token_of_another_form_is_told_as_such(start):
    odd = await start(token="not-a-token")
    with pytest.raises(LoginRefused, match="32 hexadecimal"):
        await odd.platform.login()


async def test_a_platform_that_does_not_answer_is_told_as_such(serve):
    client, server = await serve()
    await server.stop()
    with pytest.raises(PlatformUnreachable, match="nothing was sent"):
        await client.platform.login()


async def test_every_endpoint_is_found_page_by_page_in_a_fixed_order(start):
    stacuity = await start(page_size=5)
    found = [sim.iccid for page in (1, 2, 3, 4, 5) for sim in (await stacuity.platform.sims_page(page)).sims]
    sent = [entry["path"] for entry in stacuity.simulator.journal.entries()]

    assert sorted(found) == sorted(one.iccid for one in stacuity.estate.endpoints.values())
    assert (await stacuity.platform.sims_page(1)).pages == 5
    assert all("sortBy=asc" in path and "limit=5" in path for path in sent)


class Short(ScriptedServer):
    """Gives two rows at most, whatever is asked for; `says` is what it adds to each answer."""

    def __init__(self, count, *, most=2, obeys_offset=True, **says):
        super().__init__()
        self.rows = [{"id": f"E{n:03}", "iccid": f"89{n:017}", "endpointStatus": {"key": 30}} for n in range(count)]
        self.most, self.obeys_offset, self.says = most, obeys_offset, says

    async def _write(self, writer, answer):
        query = parse_qs(urlsplit(self.requests[-1].path).query)
        wanted = query.get("filter", ["iccid:"])[0].removeprefix("iccid:")
        rows = [row for row in self.rows if wanted in row["iccid"]]
        first = int(query["offset"][0]) if self.obeys_offset else 0
        body = {"success": True, "data": rows[first : first + self.most], "totalItems": len(rows)} | self.says
        await super()._write(writer, reply({key: value for key, value in body.items() if value is not ...}))


SAYS = [{}, {"limit": 100}, {"limit": 2}, {"limit": None}, {"totalItems": ...}, {"totalItems": ..., "limit": 100}]


@pytest.mark.parametrize("says", SAYS, ids=str)
@pytest.mark.parametrize("count", [0, 1, 4, 5, 205])
async def test_a_platform_that_gives_fewer_rows_than_asked_is_read_to_its_end(serve, says, count):
    client, server = await serve(Short(count, **says), page_size=100)
    seen = await read_account(client.platform)

    assert sorted(seen) == [row["iccid"] for row in server.rows]


@pytest.mark.parametrize("says", SAYS, ids=str)
async def test_a_survey_by_page_sees_every_endpoint_of_short_pages(serve, says):
    client, server = await serve(Short(205, **says), page_size=100)
    found = await survey(client.platform, [row["iccid"] for row in server.rows], chase=False)

    assert (len(found.sims), found.by_page) == (205, True)
    assert not any("filter" in one.path for one in server.requests)


async def test_rivals_on_two_short_answers_of_a_look_up_are_both_seen(serve):
    client, server = await serve(Short(2, most=1), page_size=100)
    server.rows[1]["iccid"] = server.rows[0]["iccid"]
    found = await client.platform.sim(server.rows[0]["iccid"])

    assert (found.endpoint_id, found.rivals) == ("E000", ("E001",))


@pytest.mark.parametrize(
    "server",
    [Short(4, totalItems=7), Short(4, obeys_offset=False), Short(4, obeys_offset=False, totalItems=...)],
    ids=["ends before its own count", "the same rows for ever", "the same rows for ever, and no count"],
)
async def test_a_list_that_does_not_come_to_its_end_is_a_failed_read(serve, server):
    client, _ = await serve(server, page_size=100)
    with pytest.raises(ReadFailed, match="endpoints") as told:
        await client.platform.sims_page(1)

    assert "shows" in str(told.value)


async def test_a_row_that_moved_between_two_answers_of_a_page_is_no_failure(serve):
    """Somebody ended the first endpoint, and the third came where the second was asked for."""

    class Moving(Short):
        async def _write(self, writer, answer):
            if len(self.requests) == 2:
                del self.rows[0]
            await super()._write(writer, answer)

    client, _ = await serve(Moving(6), page_size=100)

    assert len((await client.platform.sims_page(1)).sims) == 5


async def test_an_endpoint_is_found_by_its_whole_iccid_only(stacuity):
    longer = stacuity.estate.put(stacuity.iccids[0] + "7", kind="allocate")
    found = await stacuity.platform.sim(stacuity.iccids[0])

    assert found == SimRecord(
        stacuity.iccids[0],
        stacuity.endpoint(0).id,
        Lifecycle.PRE_ACTIVE,
        "pending",
        groups=frozenset(),
        network_state=found.network_state,
        tags=frozenset(),
    )
    assert found.endpoint_id != longer.id


async def test_absence_counts_only_when_the_filter_was_seen_to_find_something(stacuity):
    assert await stacuity.platform.sim("8944999999999999999") is None
    filters = [entry["path"] for entry in stacuity.simulator.journal.entries() if "filter=" in entry["path"]]

    assert len(filters) == 2, "the one asked for, and one that must be found"


async def test_a_filter_that_the_platform_ignores_is_replaced_by_reading_everything(stacuity):
    stacuity.behave("filter_ignored")

    assert (await stacuity.platform.sim(stacuity.iccids[5])).endpoint_id == stacuity.endpoint(5).id
    assert await stacuity.platform.sim("8944999999999999999") is None
    before = stacuity.requests("list_endpoints")
    await survey(stacuity.platform, [*stacuity.iccids[:4], "8944999999999999998"])
    assert stacuity.requests("list_endpoints") - before < 5, "one reading serves all who wait"


async def test_a_filter_that_finds_nothing_at_all_proves_no_absence(serve):
    rows = [{"id": "E1", "iccid": "8944500000000000001", "endpointStatus": {"key": 30}}]
    server = FilterFindsNothing(rows)
    client, _ = await serve(server)

    assert (await client.platform.sim("8944500000000000001")).endpoint_id == "E1"
    assert await client.platform.sim("8944500000000000002") is None
    assert server.unfiltered > 1


class FilterFindsNothing(ScriptedServer):
    """Answers every filter with an empty list."""

    def __init__(self, rows):
        super().__init__()
        self.unfiltered = 0
        self.full = reply({"success": True, "data": rows, "totalItems": len(rows), "limit": 100})
        self.empty = reply({"success": True, "data": [], "totalItems": 0, "limit": 100})

    async def _write(self, writer, answer):
        filtered = "filter=" in self.requests[-1].path
        self.unfiltered += not filtered
        await super()._write(writer, self.empty if filtered else self.full)


async def test_two_endpoints_for_one_sim_are_rivals_by_look_up_and_by_page(start):
    stacuity = await start()
    iccid = stacuity.iccids[0]
    other = stacuity.estate.put(iccid, kind="allocate")
    ids = {stacuity.estate.endpoints[one].id for one in stacuity.estate.endpoints}
    found = await stacuity.platform.sim(iccid)
    by_page = (await survey(stacuity.platform, [one.iccid for one in stacuity.estate.endpoints.values()])).sims[iccid]

    for one in (found, by_page):
        assert other.id in {one.endpoint_id, *one.rivals} <= ids
        assert len(one.rivals) == 1


@pytest.mark.parametrize("which", [{"provision_by": "allocated"}, {"provision_by": "claim"}], ids=str)
async def test_a_sim_with_rivals_is_not_taken_over_and_goes_to_a_person(start, which):
    stacuity = await start(**which)
    iccid = stacuity.iccids[0]
    stacuity.estate.put(iccid, kind="allocate")
    answer = await carry_out(stacuity.platform, stacuity.work(Kind.CREATE, iccid, activation_code="AC-1"))

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.CONTRADICTION)
    assert "several endpoints" in answer.text


@pytest.mark.parametrize("data", [None, {}, "x", [{"iccid": "8944"}]])
async def test_an_answer_without_a_readable_list_is_no_empty_list(serve, data):
    client, server = await serve()
    server.answers["/api/endpoints"] = reply({"success": True, "data": data, "totalItems": 0})
    with pytest.raises(ReadFailed):
        await client.platform.sims_page(1)


async def test_a_read_is_tried_again_and_a_plain_no_is_not(start):
    stacuity = await start({"fault": "html_502", "nth": [1], "route": "read_endpoint"})

    assert await stacuity.platform.tags_of(stacuity.endpoint("tag 1").id) == {"batch-0001"}
    assert stacuity.requests("read_endpoint") == 2
    with pytest.raises(ReadFailed, match="Record not found"):
        await stacuity.platform.tags_of("nobody")
    assert stacuity.requests("read_endpoint") == 3


async def test_network_state_and_group_come_with_the_sim(stacuity):
    await stacuity.platform.pin_group("eu")
    idle = await stacuity.platform.sim(stacuity.endpoint("idle").iccid)

    assert (idle.state, idle.network_state) == (Lifecycle.ACTIVE, "idle")
    assert idle.groups == {"eu", "fleet-main", stacuity.group().id}


async def test_an_endpoint_counts_as_assigned_to_the_group_that_it_is_in(stacuity):
    one = stacuity.endpoint("idle")

    assert await stacuity.platform.assigned(one.id, "eu") == 1
    assert await stacuity.platform.assigned(one.id, "fleet-second") == 0
    assert await stacuity.platform.assigned(stacuity.endpoint(0).id, "eu") == 0


async def test_a_suspended_endpoint_whose_lookup_says_active_true_is_suspended(stacuity):
    found = await stacuity.platform.sim(stacuity.endpoint("suspended").iccid)

    assert (found.state, found.state_text) == (Lifecycle.SUSPENDED, "suspended")


async def test_a_status_that_nobody_knows_is_no_state_and_blocks_writes(stacuity):
    stacuity.behave("unknown_status")
    found = await stacuity.platform.sim(stacuity.iccids[0])
    refused = await stacuity.act(Kind.TAG, 0, "march")

    assert (found.state, found.state_text) == (None, "provisional")
    assert refused.because == "refused"
    assert "provisional" in refused.text
    assert stacuity.requests("edit") == 0


async def test_groups_are_read_to_the_end_page_by_page(start):
    stacuity = await start(page_size=3)
    found = await stacuity.platform.groups()

    assert {one.id for one in found} == set(stacuity.estate.groups)
    assert stacuity.requests("list_objects") == -(-len(found) // 3)
