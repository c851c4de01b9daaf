"""What an operator does in the UI, in a real browser: a form, progress, an approval by a second person, the results."""

import re
from collections import Counter

import pytest

from flows.login import CLIENT_LOGIN
from tests.flows.processes import until
from tests.flows.selling import Service, check_sold, stock
from tests.flows.world import World
from tests.ui.test_approval import QUICK, codes_for, next_question

browser = pytest.importorskip("tests.support.browser", reason="selenium is not installed")

pytestmark = [
    pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING),
    pytest.mark.timeout(240),
]


def test_a_person_starts_a_provision_sees_it_move_approves_as_the_second_and_reads_the_result(server, bare_world):
    slow = {"rate_per_second": 6, "max_in_flight": 2}
    here = bare_world(rows=60, account={"max_change": 10, "max_reject_ratio": 0.5} | slow)
    file = here.write("spring.csv", [*here.iccids[:59], "123"])
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url} | QUICK
    ann, bob = codes_for(here, "ann"), codes_for(here, "bob")
    root, login = server.url.removesuffix("/api"), server.env[CLIENT_LOGIN]
    with server.serving(**own), browser.browsing(root, login) as ui:
        deployment = server.deployments()["flows.provision.provision"]["id"]
        ui.start(deployment, {"File": str(file)}, "Dry run")
        of_deployment = {"deployments": {"id": {"any_": [deployment]}}}
        run = until(lambda: server.ask("/flow_runs/filter", of_deployment), 60, "the run")[0]["id"]

        key = next_question(server, run)
        assert "the person who asks for it" in ui.answer(run, name="ann", code=ann[0])
        key = next_question(server, run, key)
        assert "second person" in ui.answer(run, name="ann", code=ann[1])
        key = next_question(server, run, key)
        assert "must be another one than the first" in ui.answer(run, name="bob", code=bob[0])

        of_run = {"artifacts": {"flow_run_id": {"any_": [run]}, "type": {"any_": ["progress"]}}}
        progress = until(lambda: server.ask("/artifacts/filter", of_run), 60, "the progress")[0]["id"]
        first = until(lambda: percent(ui, progress), 60, "a first part of the way")
        second = until(lambda: found if (found := percent(ui, progress)) > first else 0.0, 60, "more of the way")
        assert 0 < first < second <= 100
        state = until(lambda: server.ended(run), 90, "the end of the run")
        assert state["message"] == "59 confirmed, 1 rejected"

        ui.open(f"/v2/runs/flow-run/{run}?tab=Artifacts")
        ui.says("59 confirmed, 1 rejected")
        of_run = {"artifacts": {"flow_run_id": {"any_": [run]}, "type": {"any_": ["table"]}}}
        (table,) = server.ask("/artifacts/filter", of_run)
        ui.open(f"/v2/artifacts/artifact/{table['id']}")
        ui.says("rejected")
        assert "123" in ui.text()
    here.check_one_each(here.iccids[:59])


def percent(ui: "browser.Ui", artifact: str) -> float:
    """How far the page says that the run is, after it was loaded anew."""
    ui.open(f"/v2/artifacts/artifact/{artifact}")
    ui.says("Progress:")
    return float(re.findall(r"Progress: ([0-9.]+)%", ui.text())[0])


def test_a_termination_needs_a_second_person_and_a_sale_appears(server, bare_world):
    here = bare_world(rows=8)
    stock(here, 8)
    old = here.write("old.csv", here.iccids[:3])
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url} | QUICK
    ann, bob = codes_for(here, "ann"), codes_for(here, "bob")
    root, login = server.url.removesuffix("/api"), server.env[CLIENT_LOGIN]
    with server.serving(**own), browser.browsing(root, login) as ui:
        wanted = {"action": "terminate", "file": str(old), "confirm_count": 3, "dry_run": False}
        run = server.submit("flows.lifecycle.lifecycle", **wanted)
        key = next_question(server, run)
        assert "terminate 3 endpoints of old on account t" in ui.answer(run, name="ann", code=ann[0])
        key = next_question(server, run, key)
        assert "second person" in ui.answer(run, name="ann", code=ann[1])
        next_question(server, run, key)
        assert states_of(here) == {"pre_active": 8}
        assert "must be another one than the first" in ui.answer(run, name="bob", code=bob[0])
        assert until(lambda: server.ended(run), 90, "the end of the run")["message"] == "3 confirmed"
        assert states_of(here) == {"pre_active": 5, "terminated": 3}

        service = Service(here, env={name: value for name, value in server.env.items() if name.startswith("PREFECT_")})
        try:
            status, sold = service.sell("A-1")
            of_sales = {"flows": {"name": {"any_": ["sell"]}}}
            until(lambda: server.ask("/flow_runs/filter", of_sales), 60, "the run of the sale")
            ui.open("/v2/runs")
            ui.says("sell A-1")
        finally:
            service.close()
    assert (status, sold["state"]) == (200, "done")
    assert sold["iccid"] not in here.iccids[:3]
    check_sold(here, {"A-1": sold["iccid"]})


def states_of(here: World) -> Counter[str]:
    """How many endpoints the store has in which state."""
    return Counter(row["state"] for row in here.run("endpoints", "--json").rows)
