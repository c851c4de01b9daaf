"""A run from the UI that changes too much waits until two persons have signed, and then changes that and no more."""

import re

from tests.flows.prefect_server import Server
from tests.flows.processes import until
from tests.flows.world import World

QUICK = {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def codes_for(here: World, name: str) -> list[str]:
    """A person's codes, as the command shows them."""
    return CODE.findall(here.run("approver", "add", name).out)


def next_question(server: Server, run: str, key: str = "") -> str:
    """The next question of a run that has not ended instead."""
    until(lambda: server.waiting(run, key) or server.ended(run), 90, "the question")
    assert server.ended(run) is None, server.ended(run)
    return server.waiting(run, key)


def question(server: Server, run: str, key: str) -> str:
    """What the form says."""
    return str(server.ask(f"/flow_runs/{run}/input/suspended-{key}-description"))


def test_a_large_provision_waits_for_a_second_person_and_is_refused_as_the_first(server, bare_world):
    here = bare_world(rows=12, account={"max_change": 10})
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url} | QUICK
    with server.serving(**own):
        nobody = server.submit("flows.provision.provision", file=str(here.file), dry_run=False)
        state = until(lambda: server.ended(nobody), 90, "the end of the run")
        assert state["type"] == "FAILED"
        assert "preactive approver add" in state["message"]

        ann, bob = codes_for(here, "Ann"), codes_for(here, "bob")
        # A limit in the form raises nothing.
        run = server.submit("flows.provision.provision", file=str(here.file), dry_run=False, limit=1000)
        key = next_question(server, run)
        assert "create 12 endpoints from batch.csv on account t; 10 are allowed without an approval" in question(
            server, run, key
        )
        assert server.answer(run, name="ann", code="x" * 65) == "REJECT"  # what the form does not allow
        server.answer(run, name="ann", code=ann[0])

        key = next_question(server, run, key)
        assert "second person" in question(server, run, key)
        server.answer(run, name="ANN ", code=ann[1])

        key = next_question(server, run, key)
        assert "must be another one than the first" in question(server, run, key)
        assert here.platform.writes == 0
        server.answer(run, name="bob", code=bob[0])
        state = until(lambda: server.ended(run), 90, "the end of the run")

    assert (state["type"], state["message"]) == ("COMPLETED", "12 confirmed; written: 12 creates, 12 tags")
    here.check_one_each()
    assert [row["codes_left"] for row in here.run("approver", "list", "--json").rows] == [8, 9]
    inputs = server.ask(f"/flow_runs/{run}/input/filter", {"prefix": "suspended-"})
    assert [one["key"] for one in inputs if one["key"].endswith("response")] == []


def test_a_run_that_was_signed_asks_again_when_it_comes_back_for_other_endpoints(server, bare_world):
    here = bare_world(rows=4)
    first, later = (here.write(name, here.iccids[n : n + 2]) for name, n in (("first.csv", 0), ("later.csv", 2)))
    here.run("provision", str(first), "--tag", "old", "--yes")
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url} | QUICK
    with server.serving(**own):
        asked = {"action": "terminate", "tag": "old", "confirm_count": 2, "dry_run": False}
        codes = {name: codes_for(here, name)[0] for name in ("ann", "bob")}
        run, key = server.submit("flows.lifecycle.lifecycle", **asked), ""
        for name, code in codes.items():
            key = next_question(server, run, key)
            server.answer(run, name=name, code=code)
        assert until(lambda: server.ended(run), 90, "the end of the run")["type"] == "COMPLETED"
        here.run("provision", str(later), "--tag", "old", "--yes")

        again = {"type": "SCHEDULED", "name": "AwaitingRetry"}
        server.ask(f"/flow_runs/{run}/set_state", {"state": again, "force": True})
        key = next_question(server, run, key)

        assert "terminate 2 endpoints of old" in question(server, run, key)
        assert set(here.platform.endpoints) == set(here.iccids[2:])
