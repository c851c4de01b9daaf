"""Suspending, resuming, assigning and ending through the command line, on the simulator."""

from collections import Counter

import pytest

from adapters.files.samples import sample_iccid
from tests.flows.selling import stock
from tests.flows.world import GROUP, World

ROWS = 8
STRANGER = sample_iccid("89445060", 1)


@pytest.fixture(scope="module")
def here(tmp_path_factory, prefect_api):
    """A batch of which all but two endpoints are active."""
    folder = tmp_path_factory.mktemp("lifecycle")
    with World(folder, rows=ROWS, api=prefect_api, account={"max_terminate": 3}) as world:
        stock(world, world.iccids, "batch")
        world.run("activate", "--tag", "batch", "--count", str(ROWS - 2), "--yes")
        yield world


def truth(here):
    return Counter(endpoint["status"] for endpoint in here.platform.endpoints.values())


def known(here):
    return Counter(row["state"] for row in here.run("endpoints", "--json").rows)


@pytest.mark.long
def test_endpoints_are_suspended_resumed_and_suspended_again_and_a_repeated_command_writes_nothing(here):
    first = here.run("suspend", "--tag", "batch", "--yes")
    writes = here.platform.writes
    again = here.run("suspend", "--tag", "batch", "--yes")

    assert "6 to suspend, 0 to go on with, 0 done before, 2 in another state (2 pre active)" in first.out
    assert (first.summary["confirmed"], first.summary["rejected"]) == (6, 0)
    assert (again.summary["already"], again.summary["confirmed"], here.platform.writes) == (6, 0, writes)
    assert truth(here) == {"Suspended": 6, "Pre-Active": 2}

    here.run("resume", "--tag", "batch", "--yes")
    here.run("suspend", "--iccid", here.iccids[0], "--yes")

    assert truth(here) == {"Suspended": 1, "Active": 5, "Pre-Active": 2}
    assert known(here) == {"suspended": 1, "active": 5, "pre_active": 2}


def test_a_file_of_endpoints_is_put_into_a_group_and_its_bad_rows_are_counted_and_told(here):
    # One of the fleet, one that is no ICCID, one that nobody knows.
    file = here.folder / "list.csv"
    file.write_text(f"iccid\n{here.iccids[1]}\n12345\n{STRANGER}\n")
    ended = here.run("assign", "--file", str(file), "--group", GROUP, "--yes", code=3)

    assert "1 to put into the group" in ended.out
    assert "1 not in the store, 1 rejected" in ended.out
    assert "'12345'" in ended.out
    assert f"{STRANGER}: not in the store" in ended.out
    (listed,) = [path for path in ended.summary["reports"] if path.endswith("-rejects.csv")]
    assert all(said in (here.folder / listed).read_text() for said in ("12345", STRANGER, "not_in_store"))
    assert (ended.summary["rows"], ended.summary["confirmed"], ended.summary["rejected"]) == (3, 1, 2)
    assert [len(here.platform.endpoints[iccid]["addons"]) for iccid in here.iccids[:3]] == [0, 1, 0]


def test_nothing_is_terminated_without_its_count(here):
    one = ["terminate", "--iccid", here.iccids[2]]
    writes = here.platform.writes

    unsaid = here.run(*one, code=4)
    wrong = here.run(*one, "--confirm-count", "2", code=4)
    too_many = here.run("terminate", "--tag", "batch", "--confirm-count", str(ROWS), code=4)

    assert "say --confirm-count 1" in unsaid.sentence
    assert "2 was given" in wrong.sentence
    assert "terminate 8 endpoints of batch on account t; 3 are allowed" in too_many.sentence
    assert "two persons must sign at a terminal" in too_many.sentence
    assert here.run(*one, "--yes", code=2).code == 2
    assert here.platform.writes == writes


def test_an_endpoint_is_terminated_once_and_its_sim_is_never_provisioned_again(here):
    gone = here.iccids[2]
    endpoint = here.mapping()[gone]
    ended = here.run("terminate", "--iccid", gone, "--confirm-count", "1")
    writes = here.platform.writes
    again = here.run("terminate", "--iccid", gone)
    file = here.write("again.csv", [gone])
    plan = here.run("plan", str(file), "--json", code=3).rows[0]

    assert ended.summary["confirmed"] == 1
    assert (again.summary["already"], here.platform.writes) == (1, writes)
    assert gone not in here.platform.endpoints
    assert [entry["kind"] for entry in here.platform.ledger if entry["endPointId"] == endpoint][-2:] == [
        "delink",
        "delete",
    ]
    assert (plan["create"], plan["conflicts"]) == (0, 1)
    assert plan["conflict_list"][0]["reason"] == "terminated before; it never returns to stock"
    assert here.platform.created()[gone] == [endpoint]


@pytest.mark.long
def test_an_endpoint_that_got_another_sim_in_the_portal_is_neither_ended_nor_changed(here):
    named, strangers = here.iccids[3], here.mapping()[here.iccids[3]]
    here.platform.ask("/stock", [STRANGER])
    here.platform.ask("/swap", {"endPointId": strangers, "iccid": STRANGER})
    before = len(here.platform.ledger)
    ended = here.run("terminate", "--iccid", named, "--confirm-count", "1", code=3)
    left = here.run("resolve", "--json", code=3).rows

    assert (ended.summary["confirmed"], ended.summary["needs_human"]) == (0, 1)
    assert len(here.platform.ledger) == before
    assert [(row["iccid"], row["kind"]) for row in left] == [(named, "terminate")]
    assert f"endpoint {strangers} holds another SIM by now" in left[0]["text"]
