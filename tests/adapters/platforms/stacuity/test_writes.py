"""Each change: one write at most, what is around it, and what each answer comes to."""

import asyncio
from dataclasses import replace

import pytest

from adapters.platforms.simulator.stacuity.fixtures import claim_code
from domain.carry import carry_out
from domain.errors import PlatformUnreachable
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from tests.support.scripted_server import ScriptedServer, raw, reply

DONE = Verdict.DONE


# --- taking over what the tenant allocated ---


async def test_a_pending_sim_is_taken_over_without_a_write(stacuity):
    answer = await stacuity.perform(Kind.CREATE, stacuity.iccids[0])

    assert (answer.verdict, answer.endpoint_id, answer.already) == (DONE, stacuity.endpoint(0).id, True)
    assert stacuity.requests("claim") == stacuity.requests("edit") == 0


@pytest.mark.parametrize("which", ["idle", "suspended", "terminated"])
async def test_a_sim_in_another_state_is_no_stock(stacuity, which):
    answer = await stacuity.perform(Kind.CREATE, stacuity.endpoint(which).iccid)

    assert answer.because in (Because.REFUSED, Because.ENDED)
    assert "already has endpoint" in answer.text


async def test_a_sim_that_is_not_on_the_account_cannot_be_made(stacuity):
    answer = await stacuity.perform(Kind.CREATE, "8944999999999999999")

    assert answer.because is Because.REFUSED
    assert "tenant" in answer.text
    assert stacuity.requests("claim") == 0


async def test_a_sim_that_was_terminated_is_told_apart_from_others_that_are_refused(start):
    """So that it is never taken for stock again, also when its record is erased."""
    stacuity = await start()
    taken = [await stacuity.act(Kind.CREATE, which) for which in ("terminated", "suspended")]
    claiming = await start(provision_by="claim")
    ended = claiming.endpoint("terminated")
    claimed = await claiming.perform(Kind.CREATE, ended.iccid, activation_code=claim_code(ended.iccid))

    assert [answer.because for answer in (*taken, claimed)] == [Because.ENDED, Because.REFUSED, Because.ENDED]


# --- claiming ---


async def test_a_claim_sends_iccid_and_code_and_makes_a_pending_endpoint(start):
    stacuity = await start(provision_by="claim", reference="iccid")
    iccid = next(iter(stacuity.estate.unclaimed))
    answer = await stacuity.perform(Kind.CREATE, iccid, activation_code=claim_code(iccid), name="meter")
    (body,) = stacuity.bodies("POST")

    assert (answer.verdict, answer.endpoint_id) == (DONE, stacuity.estate.with_iccid(iccid).id)
    assert body == {"iccid": iccid, "activationCode": "***", "name": "meter", "reference": iccid}
    assert stacuity.estate.with_iccid(iccid).status == 30


async def test_without_a_code_nothing_is_sent(start):
    stacuity = await start(provision_by="claim")
    answer = await stacuity.perform(Kind.CREATE, next(iter(stacuity.estate.unclaimed)))

    assert answer.because is Because.REFUSED
    assert stacuity.requests() == 0


async def test_a_wrong_code_and_a_sim_of_another_account_are_refused(start):
    stacuity = await start(provision_by="claim")
    wrong = await stacuity.perform(Kind.CREATE, next(iter(stacuity.estate.unclaimed)), activation_code="AC-nothing")
    elsewhere = next(iccid for iccid, (_, others) in stacuity.estate.unclaimed.items() if others)
    taken = await stacuity.perform(Kind.CREATE, elsewhere, activation_code=claim_code(elsewhere))

    assert {wrong.because, taken.because} == {Because.REFUSED}
    assert "AC-nothing" not in f"{wrong}"


async def test_a_claim_that_was_made_before_is_found_and_kept(start):
    stacuity = await start(provision_by="claim")
    answer = await stacuity.perform(Kind.CREATE, stacuity.iccids[0], activation_code="AC-1")

    assert (answer.verdict, answer.endpoint_id, answer.already) == (DONE, stacuity.endpoint(0).id, True)


async def test_a_claim_that_names_no_id_is_unknown(start):
    stacuity = await start({"fault": "empty_id", "route": "claim"}, provision_by="claim")
    iccid = next(iter(stacuity.estate.unclaimed))
    answer = await stacuity.perform(Kind.CREATE, iccid, activation_code=claim_code(iccid))

    assert answer.verdict is Verdict.UNKNOWN


def test_a_code_is_in_no_repr_of_the_work(request):
    from tests.support.works import work

    assert "AC-1" not in repr(work(activation_code="AC-1"))


# --- tags ---


async def test_a_tag_is_added_to_those_that_are_there_and_every_other_field_is_written_back(stacuity):
    one = stacuity.endpoint("prefix 2")
    one.reference, one.imei_lock = "meter-1", "490154203237518"
    answer = await stacuity.act(Kind.TAG, "prefix 2", "march")
    (body,) = stacuity.bodies("PUT")

    assert answer.verdict is DONE
    assert one.tags == ["batch-00010", "area:north", "march"]
    assert body["tags"] == one.tags
    assert (one.reference, one.imei_lock) == ("meter-1", "490154203237518")
    assert "staticIp" not in body, "what is absent is left out, not cleared"


async def test_a_pending_endpoint_gets_its_name_with_its_tag_and_others_keep_theirs(stacuity):
    stacuity.endpoint("idle").name = "given in the portal"
    await stacuity.act(Kind.TAG, 0, "march", name="meter 7")
    await stacuity.act(Kind.TAG, "idle", "march", name="meter 8")
    await stacuity.act(Kind.TAG, "detached", "march", name="meter 9")

    assert [stacuity.endpoint(which).name for which in (0, "idle", "detached")] == [
        "meter 7",
        "given in the portal",
        "meter 9",
    ]


async def test_a_tag_that_is_there_already_costs_no_write(stacuity):
    answer = await stacuity.act(Kind.TAG, "tag 1", "batch-0001", name="")

    assert (answer.verdict, answer.already) == (DONE, True)
    assert stacuity.requests("edit") == 0


async def test_a_tag_that_another_one_begins_with_is_another_tag(stacuity):
    answer = await stacuity.act(Kind.TAG, "prefix 1", "batch-0001")

    assert (answer.verdict, answer.already) == (DONE, False)
    assert stacuity.endpoint("prefix 1").tags == ["batch-00010", "batch-0001"]


async def test_a_tag_that_the_read_back_does_not_show_is_unknown(stacuity):
    stacuity.behave("concurrent_editor")
    answers = [await stacuity.act(Kind.TAG, number, "march") for number in range(5)]

    assert [answer.verdict for answer in answers] == [DONE] * 4 + [Verdict.UNKNOWN]
    assert "read-back lacks march" in answers[-1].text


async def test_a_twenty_first_tag_is_refused_before_anything_is_written(stacuity):
    stacuity.endpoint(0).tags = [f"t{number}" for number in range(20)]
    answer = await stacuity.act(Kind.TAG, 0, "march")

    assert answer.because is Because.REFUSED
    assert stacuity.requests("edit") == 0


async def test_nothing_is_written_to_a_terminated_endpoint(stacuity):
    answer = await stacuity.act(Kind.TAG, "terminated", "march")

    assert answer.because is Because.REFUSED
    assert stacuity.requests("edit") == 0


async def test_a_reference_is_set_only_when_the_account_says_so(start):
    keeping, setting = await start(), await start(reference="iccid")
    keeping.endpoint(0).reference = "mine"
    await keeping.act(Kind.TAG, 0, "march")
    await setting.act(Kind.TAG, 0, "march")

    assert keeping.endpoint(0).reference == "mine"
    assert setting.endpoint(0).reference == setting.iccids[0]


async def test_a_name_or_reference_that_the_read_back_does_not_show_goes_to_a_person(serve):
    """An edit writes them with the tag; that the tag is there says nothing of them."""
    row = {"id": "E1", "iccid": "8944", "tags": [], "endpointStatus": {"key": 30}}
    for shown, lacking in [({"name": "other"}, "name"), ({"reference": None}, "reference"), ({}, "")]:
        after = row | {"tags": ["march"], "name": "meter", "reference": "8944"} | shown
        client, server = await serve(Changing("/api/endpoints/E1", [row, {}, after]), reference="iccid")
        answer = await client.perform(Kind.TAG, "8944", "E1", target="march", name="meter")

        assert [one.method for one in server.requests] == ["GET", "PUT", "GET"]
        assert answer.because is (Because.CONTRADICTION if lacking else None)
        assert answer.text == (f"answered yes; the read-back shows another {lacking}" if lacking else "")


async def test_a_name_that_this_edit_did_not_write_is_not_looked_for(serve):
    row = {"id": "E1", "iccid": "8944", "tags": [], "endpointStatus": {"key": 50}, "name": "theirs"}
    after = row | {"tags": ["march"], "name": "changed by another user meanwhile"}
    client, _ = await serve(Changing("/api/endpoints/E1", [row, {}, after]))
    answer = await client.perform(Kind.TAG, "8944", "E1", target="march", name="meter")

    assert answer.verdict is DONE


class Changing(ScriptedServer):
    """Shows an object as it is from one request to the next."""

    def __init__(self, path, shown):
        super().__init__()
        self.path, self.shown = path, list(shown)

    async def _write(self, writer, answer):
        await super()._write(writer, reply({"success": True, "data": self.shown[len(self.requests) - 1]}))


# --- what cannot be written back ---

UNKNOWN_FORMS = [
    {"tags": [{"name": "keep-me"}]},
    {"tags": ["good", {"name": "keep-me"}]},
    {"tags": ["good", 7]},
    {"tags": ["good", None]},
    {"tags": "a,b"},
    {"tags": {"name": "keep-me"}},
    {"tags": 0},
    {},
    {"tags": [], "name": {"text": "n"}},
    {"tags": [], "reference": ["r"]},
    {"tags": [], "staticIp": {"address": "10.0.0.1"}},
    {"tags": [], "imeiLock": True},
    {"tags": [], "imeiLock": 4.9e14},
]


@pytest.mark.parametrize("fields", UNKNOWN_FORMS, ids=str)
async def test_an_endpoint_with_a_field_of_unknown_form_is_not_edited(serve, fields):
    """The edit replaces every field, so what cannot be read would be wiped."""
    client, server = await serve()
    row = {"id": "E1", "iccid": "8944", "endpointStatus": {"key": 30}} | fields
    server.answers["/api/endpoints/E1"] = reply({"success": True, "data": row})
    answer = await client.perform(Kind.TAG, "8944", "E1", target="march")
    odd = list(fields)[-1] if fields else "tags"

    assert (answer.verdict, answer.because) == (Verdict.NOT_DONE, Because.REFUSED)
    assert f"shows its {odd} in a form that is not known" in answer.text
    assert "doctor --contract" in answer.text
    assert [one.method for one in server.requests] == ["GET"]
    assert "keep-me" not in answer.text


@pytest.mark.parametrize("tags", [[{"name": "a"}], "a,b"])
async def test_tags_of_unknown_form_are_no_tags_that_can_be_compared(serve, tags):
    client, server = await serve()
    row = {"id": "E1", "iccid": "8944", "tags": tags}
    server.answers["/api/endpoints/E1"] = reply({"success": True, "data": row})

    assert await client.platform.tags_of("E1") is None


async def test_a_read_back_whose_tags_cannot_be_read_leaves_the_outcome_unknown(serve):
    row = {"id": "E1", "iccid": "8944", "tags": [], "endpointStatus": {"key": 30}}
    client, _ = await serve(Changing("/api/endpoints/E1", [row, {}, row | {"tags": [{"name": "march"}]}]))
    answer = await client.perform(Kind.TAG, "8944", "E1", target="march")

    assert answer.verdict is Verdict.UNKNOWN


# --- groups ---


async def test_activating_is_one_call_that_puts_the_endpoint_into_the_group_by_its_id(stacuity):
    await stacuity.platform.pin_group("eu")
    before = stacuity.requests()
    answer = await stacuity.act(Kind.ACTIVATE, 0, "eu")

    assert answer.verdict is DONE
    assert stacuity.requests() - before == 1
    assert stacuity.bodies("PUT") == [{"endpointGroup": stacuity.group().id}]
    assert (stacuity.endpoint(0).status, stacuity.endpoint(0).group) == (50, stacuity.group().id)


async def test_an_activation_without_a_group_is_refused_with_what_to_do(stacuity):
    answer = await stacuity.act(Kind.ACTIVATE, 0)

    assert answer.because is Because.REFUSED
    assert "--group" in answer.text
    assert stacuity.requests() == 0


async def test_moving_is_one_call_without_a_step_in_between(stacuity):
    one = stacuity.endpoint("idle")
    answer = await stacuity.act(Kind.ASSIGN, "idle", "fleet-second")

    assert answer.verdict is DONE
    assert (one.status, one.group) == (50, stacuity.group("fleet-second").id)
    assert stacuity.requests("assign") == 1


async def test_assigning_to_the_group_that_it_is_in_costs_no_write(stacuity):
    one = stacuity.endpoint("idle")
    work = stacuity.work(Kind.ASSIGN, one.iccid, one.id, target="eu")
    answer = await carry_out(stacuity.platform, work)

    assert (answer.verdict, answer.already) == (DONE, True)
    assert stacuity.requests("assign") == 0


async def test_many_who_ask_at_once_resolve_the_group_once(stacuity):
    await asyncio.gather(*(stacuity.act(Kind.ACTIVATE, number, "eu") for number in range(10)))

    assert stacuity.requests("read_object") == 2, "the group and its VSlice"
    assert stacuity.commits("activate")[-10:] == ["activate"] * 10


async def test_a_group_that_does_not_exist_says_nothing_about_the_endpoint(stacuity):
    answer = await stacuity.act(Kind.ACTIVATE, 0, "no-such-group")

    assert answer.because is Because.GROUP
    assert "no-such-group" in answer.text
    assert stacuity.requests("assign") == 0


@pytest.mark.parametrize("group", ["no-such-group", "video-apn"])
async def test_a_move_to_a_group_that_takes_no_endpoints_is_not_sent_and_no_doubt(stacuity, group):
    one = stacuity.endpoint("idle")
    answer = await carry_out(stacuity.platform, stacuity.work(Kind.ASSIGN, one.iccid, one.id, target=group))

    assert answer.because is Because.GROUP
    assert group in answer.text
    assert stacuity.requests("assign") == 0


# --- lifecycle ---


async def test_a_terminated_or_erased_endpoint_does_not_exist_any_more(stacuity):
    kinds = ("idle", "suspended", "terminated", "erased")
    found = [await stacuity.platform.endpoint_exists(stacuity.endpoint(kind).id) for kind in kinds]

    assert found == [True, True, False, False]


async def test_suspend_resume_and_terminate_send_the_status_that_is_wanted(stacuity):
    await stacuity.act(Kind.ACTIVATE, 0, "eu")
    states = []
    for kind in (Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE):
        assert (await stacuity.act(kind)).verdict is DONE
        states.append(stacuity.endpoint(0).status)

    assert states == [60, 50, 70]


async def test_a_platform_that_takes_no_suspension_back_is_recorded_as_such(stacuity):
    stacuity.behave("suspend_is_final")
    answer = await stacuity.act(Kind.RESUME, "suspended")

    assert answer.because is Because.REFUSED
    assert answer.text.startswith("stuck_suspended")


async def test_only_an_endpoint_that_is_suspended_can_be_stuck_there(stacuity):
    ended = await stacuity.act(Kind.RESUME, "terminated")
    nobody = await stacuity.perform(Kind.RESUME, "8944", "nobody")
    waiting = await stacuity.act(Kind.RESUME, 0)

    assert [answer.text for answer in (ended, waiting)] == ["Status change not allowed"] * 2
    assert nobody.text == "Record not found"
    assert {answer.because for answer in (ended, nobody, waiting)} == {Because.REFUSED}


async def test_a_refused_resume_is_the_platforms_word_alone_when_the_endpoint_cannot_be_read(stacuity):
    stacuity.faults({"fault": "refused", "route": "change_status"}, {"fault": "forbidden", "route": "read_endpoint"})
    answer = await stacuity.act(Kind.RESUME, "suspended")

    assert answer.because is Because.REFUSED
    assert "stuck" not in answer.text


async def test_an_account_that_does_not_allow_to_resume_sends_nothing(start):
    stacuity = await start(allow_resume=False)
    answer = await stacuity.act(Kind.RESUME, "suspended")

    assert answer.because is Because.REFUSED
    assert stacuity.requests() == 0


async def test_what_the_state_forbids_is_refused_with_the_platforms_words(stacuity):
    assert (await stacuity.act(Kind.SUSPEND, 0)).text == "Status change not allowed"
    assert (await stacuity.act(Kind.TERMINATE, 0)).verdict is DONE
    assert (await stacuity.act(Kind.RESUME, "terminated")).because is Because.REFUSED


# --- what is around every write ---


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ({"fault": "hang_after", "seconds": 0.3}, Verdict.UNKNOWN),
        ({"fault": "reset_after"}, Verdict.UNKNOWN),
        ({"fault": "cut_body"}, Verdict.UNKNOWN),
        ({"fault": "html_502", "status": 500}, Verdict.UNKNOWN),
        ({"fault": "unavailable"}, Verdict.UNKNOWN),
        ({"fault": "redirect"}, Verdict.UNKNOWN),
        ({"fault": "throttle", "retry_after": "0.01"}, Verdict.NOT_DONE),
        ({"fault": "forbidden"}, Verdict.NOT_DONE),
        ({"fault": "refused"}, Verdict.NOT_DONE),
        ({"fault": "token_expired"}, Verdict.NOT_DONE),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else "",
)
async def test_a_write_is_sent_once_whatever_comes_back(start, fault, verdict):
    stacuity = await start(deadline_seconds=0.2)
    await stacuity.platform.pin_group("eu")
    stacuity.faults(fault | {"route": "assign"})
    answer = await stacuity.act(Kind.ACTIVATE, 0, "eu")

    assert answer.verdict is verdict
    assert stacuity.requests("assign") == 1


async def test_a_yes_is_one_whatever_its_type_says_and_a_page_is_none(serve):
    client, server = await serve()
    server.answers["/api/endpoints/E1/status"] = raw(b'{"success": true}', kind="text/html")
    assert (await client.perform(Kind.SUSPEND, "8944", "E1")).verdict is Verdict.DONE

    server.answers["/api/endpoints/E1/status"] = raw(b"<html>success: true</html>", kind="text/html")
    answer = await client.perform(Kind.SUSPEND, "8944", "E1")
    assert (answer.verdict, answer.text) == (Verdict.UNKNOWN, "http 200 of type text/html")


async def test_a_token_that_is_verified_with_a_page_does_not_leave_the_platform_out_of_reach(serve):
    client, server = await serve()
    server.answers["/api/apitokens/verify"] = raw(b"<html>Welcome</html>", kind="text/html")

    with pytest.raises(PlatformUnreachable, match="answers, and not with a yes: http 200 of type text/html; nothing"):
        await client.platform.login()


async def test_a_call_whose_turn_came_too_late_is_not_sent(stacuity):
    await stacuity.platform.pin_group("eu")
    one = stacuity.endpoint(0)
    late = replace(stacuity.work(Kind.ACTIVATE, one.iccid, one.id, target="eu"), sent_at=0.0)
    answer = await stacuity.platform.perform(late)

    assert answer.because is Because.STOPPED
    assert stacuity.requests("assign") == 0


async def test_a_refused_token_ends_the_run_and_hides_itself(start):
    stacuity = await start({"fault": "token_expired", "route": "edit"})
    answer = await stacuity.act(Kind.TAG, 0, "march")

    assert answer.because is Because.LOGIN
    assert stacuity.account.token.get_secret_value() not in answer.text
