"""The main job on a Stacuity account: the same commands, the same reports, another platform."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from adapters.platforms.simulator.stacuity.fixtures import claim_code
from adapters.platforms.simulator.stock import generate_iccids
from tests.flows.fleet import MONIKER, Fleet
from tests.flows.job import Job, done_twice
from tests.flows.processes import fetch, until
from tests.flows.world import GROUP, JSON_KEYS

ROWS, COUNT = 30, 12
_CLAIMS = 7_000_002


@pytest.fixture(scope="module")
def job(tmp_path_factory, prefect_api) -> Iterator[Job]:
    """The file provisioned twice, then some of it activated twice."""
    with Fleet(tmp_path_factory.mktemp("fleet"), rows=ROWS, api=prefect_api) as world:
        yield done_twice(world, COUNT)


def test_pending_endpoints_are_found_by_iccid_named_and_tagged_and_stay_pending(job):
    truth = [job.truth["provision"][iccid] for iccid in job.world.iccids]

    assert {(one["status"], tuple(one["tags"]), one["group"]) for one in truth} == {("pending", ("batch",), None)}
    assert [one["name"] for one in truth] == [f"sim {number:05d}" for number in range(ROWS)]


def test_the_same_json_and_the_same_report_files_as_on_the_other_platform(job):
    for ended in job.ended.values():
        assert list(ended.summary) == JSON_KEYS
    assert {Path(path).suffix for path in job.ended["activate"].summary["reports"]} == {".xlsx", ".csv"}
    assert [job.ended[name].summary["confirmed"] for name in job.ended] == [ROWS, 0, COUNT, 0]


def test_the_same_command_again_writes_nothing(job):
    assert job.writes == {"provision": ROWS, "provision again": 0, "activate": COUNT, "activate again": 0}


def test_activation_puts_endpoints_into_the_primary_group_once_and_they_are_active(job):
    truth = Counter((one["status"], one["group"]) for one in job.truth["activate again"].values())

    assert truth == {("active", MONIKER): COUNT, ("pending", None): ROWS + ROWS // 100 - COUNT}
    assert set(job.world.committed("assign").values()) == {1}


def test_the_store_says_what_the_platform_shows(job):
    rows = job.world.run("endpoints", "--state", "active", "--json").rows

    job.world.check_mapping()
    assert {(row["group"], row["state"]) for row in rows} == {(GROUP, "active")}
    assert len(rows) == COUNT


def test_the_plan_shows_the_group_with_the_addresses_that_are_left(job):
    out = job.ended["activate"].out

    assert "addresses for 65,788 more in 10.0.0.0/16, 10.1.0.0/24" in out


def test_more_endpoints_than_the_subnet_has_addresses_for_are_refused_before_the_first_call(world_of):
    here = world_of(rows=300, account={"max_change": 1000})
    here.run(*here.provision)
    before = here.platform.writes
    ended = here.run("activate", "--tag", "batch", "--group", "fleet-alt", "--yes", code=4)

    assert "addresses for 254 more endpoints in 10.0.0.0/24 and 300 would" in ended.sentence
    assert here.platform.writes == before


@pytest.fixture
def world_of(tmp_path, prefect_api):
    """Makes Stacuity accounts."""
    opened = []

    def make(**options: Any) -> Fleet:
        folder = tmp_path / f"fleet-{len(opened)}"
        folder.mkdir()
        opened.append(Fleet(folder, api=prefect_api, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__()


@pytest.mark.parametrize(
    ("group", "word"),
    [
        ("meter-apn", "preactive group associate PRIMARY meter-apn"),
        ("no-such-group", "has no group 'no-such-group'"),
    ],
)
def test_a_group_that_cannot_take_endpoints_is_refused_with_what_to_do(job, group, word):
    before = job.world.platform.writes
    ended = job.world.run("activate", "--tag", "batch", "--group", group, "--yes", code=2)

    assert word in ended.sentence
    assert job.world.platform.writes == before


def test_without_a_group_nothing_can_be_activated(job):
    ended = job.world.run("activate", "--tag", "batch", "--yes", code=2)

    assert "say --group" in ended.sentence


def test_groups_are_listed_shown_made_and_associated(job):
    here = job.world
    options = ["--vslice", "vslice-main", "--subscription-type", "integrated", "--routing-policy", "internet-main"]
    listed = {row["moniker"] for row in here.run("group", "list", "--json").rows}
    bad = here.run("group", "create", "new", "--name", "N", *options, "--yes", code=2).sentence
    here.run("group", "create", "new-group", "--name", "New group", *options, "--subnet", "10.1.0.0/24", "--yes")
    shown = here.run("group", "show", "new-group", "--json").rows[0]
    here.run("group", "associate", "new-group", "meter-apn", "--yes")

    assert {MONIKER, "video-apn", "fleet-alt"} <= listed
    assert "2 to 100 are needed" in bad
    assert "5 to 30" in bad
    assert (shown["kind"], shown["subnet"], shown["endpoints"]) == ("primary", "10.1.0.0/24", 0)
    assert here.run("group", "show", "new-group", "--json").rows[0]["secondaries"] == ["meter-apn"]


def test_groups_are_not_made_without_being_asked(job):
    ended = job.world.run(
        *("group", "create", "quiet-group", "--name", "Quiet", "--vslice", "vslice-main"),
        *("--subscription-type", "integrated", "--routing-policy", "internet-main"),
        code=4,
    )

    assert "say --yes" in ended.sentence
    assert "quiet-group" not in {row["moniker"] for row in job.world.run("group", "list", "--json").rows}


def test_the_doctor_reads_the_contract_and_says_what_is_left_to_verify(job):
    before = job.world.platform.writes
    rows = job.world.run("doctor", "--contract", "--json").rows

    assert {row["ok"] for row in rows} == {True}
    assert any("assign is not verified" in row["text"] for row in rows)
    assert job.world.platform.writes == before


def test_events_are_asked_for_once_each_and_agree_with_what_was_done(job):
    first = job.world.run("events", "poll").out
    again = job.world.run("events", "poll").out
    rows = job.world.run("events", "list", "--meaning", "agrees", "--json").rows

    assert first.startswith(f"{2 * COUNT:,} new events; "), "each SIM is detached and active once it is in a group"
    assert f"{COUNT} agrees" in first
    assert again.startswith("0 new events")
    assert {row["type"] for row in rows} == {"EndpointProvisioningStatusSetActive_v1"}


def test_webhooks_are_taken_by_a_command_until_it_is_ended(job):
    here = job.world
    here.env["PREACTIVE_ACCOUNTS__T__WEBHOOK_TOKEN"] = "hook-token"
    command = here.start("events", "serve", "--port", "0")
    line = until(lambda: command.printed, 60, "the address")
    address = line.split()[-1]
    body = {"eventId": "e-9", "eventTime": "2026-01-01T00:00:00Z", "eventType": "EndpointIMEIChanged_v1"}
    with pytest.raises(HTTPError, match="401"):
        fetch(address, body)
    fetch(address, body, headers={"Authorization": "Bearer hook-token"})
    until(lambda: here.run("events", "list", "--meaning", "noted", "--json").rows, 60, "the event")
    command.signal(signal.SIGTERM)

    assert command.end(30).code == 0


def test_without_a_webhook_token_nobody_listens(job):
    job.world.env.pop("PREACTIVE_ACCOUNTS__T__WEBHOOK_TOKEN", None)
    ended = job.world.run("events", "serve", "--port", "0", code=2)

    assert "webhook_token" in ended.sentence


def test_sims_are_claimed_with_the_codes_of_the_file_and_no_code_is_left_anywhere(world_of):
    here = world_of(rows=5, platform={"--claim-stock": 12}, account={"provision_by": "claim"})
    iccids = [one for nth, one in enumerate(generate_iccids(12, _CLAIMS), 1) if nth % 10]
    lines = [f"{iccid},meter {nth},{claim_code(iccid)}" for nth, iccid in enumerate(iccids)]
    file = here.folder / "claims.csv"
    file.write_text("\n".join(["iccid,name,Activation code", *lines]) + "\n")
    ended = here.run("provision", str(file), "--yes")
    truth = here.platform.endpoints
    left = [path for path in here.folder.rglob("*") if path.is_file() and path != file and b"AC-" in path.read_bytes()]

    assert ended.summary["confirmed"] == len(iccids)
    assert {truth[iccid]["status"] for iccid in iccids} == {"pending"}
    assert set(here.committed("claim").values()) == {1}
    assert left == []


def test_endpoints_are_sold_moved_and_ended_as_on_the_other_platform(world_of):
    here = world_of(rows=6)
    here.run(*here.provision)
    active, sold = here.iccids[:2], here.iccids[2]
    here.run("activate", *(f"--iccid={one}" for one in active), "--group", GROUP, "--yes")
    for _ in range(2):
        here.run("sell", "--order", "4711", "--tag", "batch", "--group", GROUP)
    moved = here.run("assign", "--iccid", active[0], "--group", "fleet-alt", "--yes")
    ended = here.run("terminate", "--iccid", sold, "--confirm-count", "1")
    truth = here.platform.endpoints
    here.run("reconcile")  # ends otherwise when something differs

    assert (moved.summary["confirmed"], ended.summary["confirmed"]) == (1, 1)
    assert [(truth[one]["status"], truth[one]["group"]) for one in active] == [
        ("active", "fleet-alt"),
        ("active", MONIKER),
    ]
    assert truth[sold]["status"] == "terminated"
    assert sum(here.committed("assign").values()) == 4


def test_a_file_without_codes_is_refused_and_leaves_nothing_behind(world_of):
    here = world_of(rows=5, account={"provision_by": "claim"})
    ended = here.run(*here.provision, code=4)

    assert "Activation code" in ended.sentence
    assert here.run("batch", "list", "--json").out == ""
