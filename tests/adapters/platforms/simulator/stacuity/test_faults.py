"""What a fault does to a call of a Stacuity account, as seen from outside, and what is truly done."""

import aiohttp
import pytest
from pydantic import ValidationError

from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.fixtures import claim_code
from adapters.platforms.simulator.stacuity.profiles import PROFILES


def fault(name, route, **details):
    return {"faults": [{"fault": name, "route": route, **details}]}


def status_of(account, kind):
    return account.estate.endpoints[account.id_of(kind)].status


async def claimed(account):
    """Claim the first SIM that can be; the answer, and the id that it truly has."""
    iccid = next(iter(account.estate.unclaimed))
    answer = await account.call("POST", "/endpoints", {"iccid": iccid, "activationCode": claim_code(iccid)})
    found = account.estate.with_iccid(iccid)
    return answer, found.id if found is not None else None


def test_a_fault_of_the_other_platform_is_refused_by_name():
    with pytest.raises(ValidationError, match="stacuity has no such fault: bulk_part, timeout_code_applied"):
        StacuityConfig(faults=[{"fault": "timeout_code_applied"}, {"fault": "bulk_part"}])


async def test_false_yes_says_done_and_nothing_was(start):
    account = await start(**fault("false_yes", "assign"))

    assert await account.assign("pending") == ""
    assert status_of(account, "pending") == 30


async def test_what_is_undone_was_done_for_a_while(start):
    account = await start(**fault("undone", "*", late=0.05))
    await account.put(f"/endpoints/{account.id_of('tag 1')}", {"tags": ["new"]})
    await account.assign("pending")
    _, new = await claimed(account)
    done = status_of(account, "pending")
    await account.until(lambda: status_of(account, "pending") == 30)
    await account.until(lambda: new not in account.estate.endpoints)

    assert done == 50
    assert account.estate.endpoints[account.id_of("pending")].group is None
    assert account.estate.endpoints[account.id_of("tag 1")].tags == ["batch-0001"]


async def test_two_rows_show_a_second_endpoint_for_each_sim(start):
    account = await start(**fault("two_rows", "list_endpoints"))
    iccid = account.estate.endpoints[account.id_of("idle")].iccid
    rows = await account.get("/endpoints", filter=f"iccid:{iccid}")

    assert [row["iccid"] for row in rows] == [iccid, iccid]
    assert len({row["id"] for row in rows}) == 2


@pytest.mark.parametrize(("form", "offsets"), [("skip", [0, 4]), ("repeat", [0, 0]), ("endless", [0, 2])])
async def test_pages_can_be_left_out_shown_twice_or_without_end(start, form, offsets):
    account = await start(**fault("odd_pages", "list_endpoints", form=form))
    in_order = [one.id for one in account.estate.ordered()]
    shown = [[row["id"] for row in await account.get("/endpoints", limit="2", offset=str(offset))] for offset in (0, 2)]
    beyond = await account.call("GET", "/endpoints", limit="2", offset="1000")

    assert shown == [in_order[offset : offset + 2] for offset in offsets]
    assert bool(beyond["data"]) is (form == "endless")
    assert (beyond["totalItems"] == 10**9) is (form == "endless")


@pytest.mark.parametrize(
    ("form", "kind"), [("number", int), ("huge", int), ("float", float), ("uuid", str), ("empty", str), ("null", None)]
)
async def test_a_new_id_can_be_written_otherwise(start, form, kind):
    account = await start(**fault("odd_id", "claim", form=form))
    answer, true_id = await claimed(account)

    assert true_id is not None
    assert answer["data"] != true_id
    assert answer["data"] is None if kind is None else isinstance(answer["data"], kind)


@pytest.mark.parametrize(("form", "stored"), [("cut", "Batc"), ("lower", "batch-a")])
async def test_a_new_tag_can_be_stored_otherwise_and_those_there_stay(start, form, stored):
    account = await start(**fault("odd_tag", "edit", form=form))
    await account.put(f"/endpoints/{account.id_of('tag 1')}", {"tags": ["batch-0001", "Batch-A"]})

    assert account.estate.endpoints[account.id_of("tag 1")].tags == ["batch-0001", stored]


@pytest.mark.parametrize(
    ("form", "kind", "answer", "status"),
    [
        ("activate", "pending", "", 50),
        ("suspend", "pending", "Status change not allowed", 60),
        ("suspend", "idle", "Status change not allowed", 60),
        ("delete", "pending", "Status change not allowed", 70),
    ],
)
async def test_somebody_else_is_there_first(start, form, kind, answer, status):
    account = await start(**fault("outsider", "assign", form=form))

    assert await account.assign(kind, "fleet-second") == answer
    assert status_of(account, kind) == status


async def test_somebody_else_claims_the_sim_first(start):
    account = await start(**fault("outsider", "claim", form="create"))
    answer, true_id = await claimed(account)

    assert (answer["messages"], true_id) == (["SIM cannot be claimed"], None)


@pytest.mark.parametrize(("when", "done"), [("after", True), (None, False)])
async def test_a_conflict_is_said_before_or_after_the_commit(start, when, done):
    account = await start(**fault("conflict", "claim", form="envelope", **({"when": when} if when else {})))
    answer, true_id = await claimed(account)

    assert (account.status, answer["messages"]) == (409, ["SIM cannot be claimed"])
    assert (true_id is not None) is done


async def test_an_answer_can_be_that_to_the_call_before(start):
    account = await start(**fault("replayed", "read_endpoint"))
    first, second = await account.endpoint("idle"), await account.endpoint("pending")

    assert first["id"] == second["id"] == account.id_of("idle")


async def test_an_id_can_be_missing_or_that_of_another(start):
    account = await start(faults=[{"fault": "duplicate_id", "route": "claim"}])
    answer, true_id = await claimed(account)

    assert answer["data"] in account.estate.endpoints
    assert answer["data"] != true_id


async def test_a_row_can_hold_another_iccid(start):
    account = await start(**fault("wrong_iccid", "list_endpoints", form="spaced"))
    rows = await account.get("/endpoints", limit="1")

    assert " " in rows[0]["iccid"]


@pytest.mark.parametrize("form", ["late", "never"])
async def test_202_is_said_before_it_is_done_or_without(start, form):
    account = await start(**fault("accepted", "assign", form=form))
    await account.assign("pending")
    if form == "late":
        await account.until(lambda: status_of(account, "pending") == 50)

    assert account.status == 202
    assert status_of(account, "pending") == (50 if form == "late" else 30)


@pytest.mark.parametrize(("form", "text"), [("twice", '"success": false'), ("nan", "NaN"), ("deep", '{"data": [[[[')])
async def test_an_answer_can_be_what_only_lenient_parsers_take(start, form, text):
    account = await start(**fault("odd_json", "read_endpoint", form=form))
    url = f"{account.simulator.base_url}/endpoints/{account.id_of('idle')}"
    async with account.http.get(url, headers={"Authorization": f"Bearer {account.token}"}) as answer:
        assert text in await answer.text()


async def test_a_fault_can_be_set_for_one_sim(start):
    account = await start()
    one = account.estate.endpoints[account.id_of("pending")]
    await account.door("/faults", [{"fault": "error_before", "iccids": [one.iccid]}])
    with pytest.raises(aiohttp.ContentTypeError):
        await account.assign("pending")

    assert await account.assign("tag 1") == ""
    assert status_of(account, "pending") == 30


# --- choosing a profile while the platform runs ---


@pytest.mark.parametrize("profile", PROFILES)
async def test_every_profile_can_be_chosen_at_the_admin_door_and_be_left_again(account, profile):
    chosen = await account.door("/faults", {"profile": profile})
    behaviours, rate = account.estate.behaviours, account.simulator.account.limiter.rate
    left = await account.door("/faults", {"profile": "none"})

    assert bool(chosen) is (profile in ("html_500", "timeout_after_commit"))
    assert behaviours == (set() if chosen or profile == "none" else {profile})
    assert rate == (10.0 if profile == "throttle" else 0)
    assert (left, account.estate.behaviours) == ([], set())


async def test_several_profiles_are_joined(account):
    await account.door("/faults", {"profile": "slow+http_errors"})

    assert account.estate.behaviours == {"slow", "http_errors"}


@pytest.mark.parametrize("body", [{"profile": "/etc/hostname"}, {"profile": "typhoon"}, {"profile": None}, {}, 7])
async def test_the_door_opens_no_files_and_refuses_what_is_no_profile(account, tmp_path, body):
    rules = tmp_path / "rules.json"
    rules.write_text('[{"fault": "error_before"}]')
    answers = [await account.door("/faults", one) for one in (body, {"profile": str(rules)})]

    assert all(set(answer) == {"error"} for answer in answers), answers
    assert account.simulator.account.faults.rules == ()


async def test_a_file_of_rules_is_for_the_command_line(tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text('[{"fault": "error_before"}]')

    assert [rule.fault for rule in StacuityConfig(faults=str(rules)).faults] == ["error_before"]
