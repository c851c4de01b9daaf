"""One row for each operation; what was never verified is refused where it could do harm."""

import pytest

from adapters.platforms.simulator.stacuity.routes import find
from adapters.platforms.stacuity import contract
from adapters.platforms.stacuity.calls import Calls
from adapters.platforms.stacuity.contract import OPERATIONS
from adapters.platforms.stacuity.parse import Endpoint
from domain.errors import SettingsError
from domain.groups import Draft, GroupKind
from domain.lifecycle import Kind
from domain.options import Account
from domain.outcome import Because
from domain.pacer import Pacer
from tests.docs.pages import DOCS, section, table
from tests.support.memory_ledger import MemoryBuckets
from tests.support.scripted_server import reply
from tests.support.stacuity import ACCOUNT, Client

REMOTE = "https://api.stacuity.example/api/v1"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda row: row.name)
def test_the_simulator_answers_every_operation_of_the_contract(operation):
    found = find(operation.method, operation.address(endpoint="e", group="g", vslice="v", policy="p"))

    assert found is not None


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda row: row.name)
def test_an_operation_that_is_not_verified_says_how_to_verify_it(operation):
    assert operation.verified != bool(operation.how_to_verify)


def test_reads_are_verified_and_writes_on_endpoints_are_not():
    assert {row.name for row in OPERATIONS.values() if not row.verified} == {
        row.name for row in OPERATIONS.values() if row.method != "GET"
    }


def test_every_operation_stands_in_the_documents_with_its_call_and_whether_it_is_verified():
    rows = {row[0].strip("`"): row for row in table(section(DOCS / "platforms.md", "Calls on Stacuity"), "operation")}

    assert set(rows) == set(OPERATIONS)
    for name, operation in OPERATIONS.items():
        assert f"{operation.method} `{operation.path}`" in rows[name][1]
        assert rows[name][2].startswith("yes" if operation.verified else "no")


def test_an_edit_writes_every_editable_field_and_never_leaves_the_tags_out():
    assert contract.edit_body(Endpoint("E1")) == {"tags": []}
    whole = Endpoint("E1", name="n", reference="r", tags=("a",), static_ip="10.0.0.1", imei_lock="1" * 15)
    assert contract.edit_body(whole) == {
        "tags": ["a"],
        "name": "n",
        "reference": "r",
        "staticIp": "10.0.0.1",
        "imeiLock": "1" * 15,
    }


def test_a_new_group_is_sent_without_what_is_absent_and_a_primary_without_an_apn():
    draft = Draft("Meters", "meters", "vslice-main", "integrated", "internet", apn="x.flex")
    body = contract.group_body(draft)
    second = contract.group_body(Draft("M", "meter", "v", "integrated", "r", kind=GroupKind.SECONDARY, apn="x.flex"))

    assert "apn" not in body
    assert "sessionInactivityTime" not in body
    assert body["sessionInactivityAction"] == "notify"
    assert (second["apn"], second["endpointGroupType"]) == ("x.flex", "secondary")


async def test_on_another_machine_what_is_not_verified_is_refused_with_how_to_verify_it():
    client = Client(REMOTE)
    with pytest.raises(SettingsError, match=r"(?s)assign.*doctor --contract.*allow_unverified"):
        client.platform.check_writes()
    answer = await client.perform(Kind.SUSPEND, "8944", "E1")
    await client.close()

    assert answer.because is Because.LOGIN
    assert "never verified" in answer.text


async def test_a_setting_allows_it():
    client = Client(REMOTE, allow_unverified=True)
    client.platform.check_writes()
    await client.close()


async def test_reads_are_allowed_everywhere():
    account = Account.model_validate({**ACCOUNT, "base_url": REMOTE})
    calls = Calls(account, Pacer(MemoryBuckets(rate=1.0), rate=1.0))
    calls.check_allowed(*(row.name for row in OPERATIONS.values() if row.verified))
    await calls.close()


async def test_the_probe_reads_only_and_lists_what_is_left_to_verify(stacuity):
    checks = await stacuity.platform.check_contract()
    names = {check.what for check in checks}

    assert all(check.ok is not False for check in checks), [check for check in checks if check.ok is False]
    assert {"token", "one endpoint", "filter by iccid", "an endpoint that does not exist"} <= names
    assert sum(check.ok is None for check in checks) == sum(not row.verified for row in OPERATIONS.values())
    assert stacuity.simulator.account.stats.write_requests == 0


async def test_the_probe_shows_a_filter_that_is_ignored(stacuity):
    stacuity.behave("filter_ignored")
    found = {check.what: check for check in await stacuity.platform.check_contract()}

    assert found["filter by iccid"].ok is False
    assert "do not fit" in found["filter by iccid"].text


@pytest.mark.parametrize(
    ("tags", "ok", "text"),
    [
        ([["a"], []], True, "a list of texts"),
        ([[], []], None, "none of the 2 endpoints"),
        ([["a"], [{"name": "secret"}]], False, "a list with an object"),
        ([["a"], [7]], False, "a list with a number or a truth value"),
        ([["a"], "a,b"], False, "a text"),
        ([["a"], None], True, "a list of texts on each of 2"),
        ([["a"], ...], False, "absent"),
    ],
    ids=str,
)
async def test_the_probe_shows_tags_that_are_no_list_of_texts(serve, tags, ok, text):
    client, server = await serve()
    rows = [{"id": f"E{n}", "tags": one} for n, one in enumerate(tags)]
    for row in rows:
        if row["tags"] is ...:
            del row["tags"]
    server.answers["/api/apitokens/verify"] = reply({"success": True})
    server.answers["/api/endpoints"] = reply({"success": True, "data": rows, "totalItems": 2})
    (found,) = [check for check in await client.platform.check_contract() if check.what == "form of tags"]

    assert (found.ok, text in found.text) == (ok, True), found
    assert "secret" not in found.text


async def test_the_probe_shows_a_status_that_cannot_be_read(start):
    stacuity = await start(knobs={"stock": 1, "fixtures": "objects", "behaviours": ["unknown_status"]})
    found = {check.what: check for check in await stacuity.platform.check_contract()}

    assert found["one endpoint"].ok is False
    assert stacuity.iccids[0] not in found["one endpoint"].text


# --- what no operation does ---


def test_no_operation_knows_an_imsi():
    paths = " ".join(row.path for row in OPERATIONS.values())
    bodies = [
        contract.edit_body(Endpoint("E1", name="n", reference="r", static_ip="10.0.0.1", imei_lock="1" * 15)),
        contract.claim_body(iccid="8944", activation_code="c", name="n", reference="r"),
        contract.assign_body("G1"),
        contract.status_body("active"),
    ]

    assert "imsi" not in paths.lower()
    assert [body for body in bodies if any("imsi" in key.lower() for key in body)] == []
    assert not any("imsi" in name for name in Endpoint.__slots__), "what was used last decides nothing"


def test_no_operation_changes_a_group():
    """Neither PUT nor DELETE: what a group is changes for all of its endpoints at once, so people do it."""
    on_groups = {(row.method, row.name) for row in OPERATIONS.values() if "EndpointGroups" in row.path}

    assert {method for method, _ in on_groups} == {"GET", "POST"}
    assert {name for method, name in on_groups if method == "POST"} == {"create_group", "associate"}


def test_no_check_looks_at_signalling():
    fields = set(Endpoint.__slots__)

    assert fields & {"serving_operator", "country", "rat_type", "latest_activity"} == set()
