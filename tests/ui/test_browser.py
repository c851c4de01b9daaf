"""What an operator does in the UI, in a real browser: a form, progress, an approval by a second person, the results.

With the variable PICTURES, what the pages looked like is saved in that folder (`make pictures`).
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from flows.login import CLIENT_LOGIN
from tests.flows.prefect_server import Server
from tests.flows.processes import end, free_port, until
from tests.flows.selling import Service, stock
from tests.flows.world import World
from tests.ui.test_approval import QUICK, codes_for, next_question

browser = pytest.importorskip("tests.support.browser", reason="selenium is not installed")

pytestmark = [
    pytest.mark.skipif(bool(browser.MISSING), reason=browser.MISSING),
    pytest.mark.timeout(240),
]

SLOW = {"rate_per_second": 6, "max_in_flight": 2}
PROVISIONED, SOLD_FROM = 40, 8


@dataclass
class Office:
    """A world whose deployments are served, its report files too, and a browser that is signed in at the server."""

    server: Server
    here: World
    ui: "browser.Ui"
    codes: dict[str, list[str]]
    env: dict[str, str]
    reports: str

    def picture(self, name: str, height: int = 1000) -> None:
        """Save what the page looks like, if somebody wants pictures."""
        folder = os.environ.get("PICTURES")
        if folder:
            self.ui.save(Path(folder) / name, height)

    def runs(self, **of: Any) -> list[dict[str, Any]]:
        """The runs of a deployment or a flow, once there is one."""
        found: list[dict[str, Any]] = until(lambda: self.server.ask("/flow_runs/filter", of), 60, "the run")
        return found

    def artifact(self, run: str, kind: str) -> str:
        """The run's artifact of this kind, once it is there."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [run]}, "type": {"any_": [kind]}}}
        return str(until(lambda: self.server.ask("/artifacts/filter", wanted), 60, kind)[0]["id"])

    def sign(self, run: str, key: str, name: str, picture: str = "") -> tuple[str, str]:
        """Answer the run's next question with a fresh code: what the form said, and the question's key."""
        key = next_question(self.server, run, key)
        folder = os.environ.get("PICTURES")
        path = Path(folder) / picture if folder and picture else None
        return self.ui.answer(run, name=name, code=self.codes[name].pop(), picture=path), key

    def opened(self, artifact: str) -> str:
        """The page of an artifact."""
        self.ui.open(f"/v2/artifacts/artifact/{artifact}")
        return artifact


@pytest.fixture(scope="module")
def office(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One for both tests, since what it consists of takes long to start."""
    folder = tmp_path_factory.mktemp("office")
    login = server.env[CLIENT_LOGIN]
    reports = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        rows = PROVISIONED + SOLD_FROM
        account = {"max_change": 10, "max_reject_ratio": 0.5} | SLOW
        here = stack.enter_context(World(folder, rows=rows, account=account))
        codes = {name: codes_for(here, name) for name in ("ann", "bob")}
        own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url} | QUICK
        own |= {"PREACTIVE_REPORTS_URL": reports}
        serving = server.start("-m", "flows", "reports", "serve", "--port", reports.rpartition(":")[2], **own)
        stack.callback(end, serving)
        stack.enter_context(server.serving(**own))
        ui = stack.enter_context(browser.browsing(server.url.removesuffix("/api"), login))
        prefect = {name: value for name, value in server.env.items() if name.startswith("PREFECT_")}
        yield Office(server, here, ui, codes, prefect, reports)


def percent(office: Office, artifact: str) -> float:
    """How far the page says that the run is, after it was loaded anew."""
    office.opened(artifact)
    office.ui.says("Progress:")
    return float(re.findall(r"Progress: ([0-9.]+)%", office.ui.text())[0])


def moved(look: Callable[[], float], from_: float) -> float:
    """How far it is once it is further."""
    return until(lambda: found if (found := look()) > from_ else 0.0, 60, "more of the way")


def test_a_person_starts_a_provision_sees_it_move_approves_as_the_second_and_reads_the_result(office):
    here, ui = office.here, office.ui
    file = here.write("march.csv", [*here.iccids[:PROVISIONED], "123"])
    deployment = office.server.deployments()["flows.provision.provision"]["id"]
    ui.start(deployment, {"File": str(file)}, "Dry run")
    run = office.runs(deployments={"id": {"any_": [deployment]}})[0]["id"]

    said, key = office.sign(run, "", "ann")
    assert "the person who asks for it" in said
    said, key = office.sign(run, key, "ann")
    assert "second person" in said
    said, _ = office.sign(run, key, "bob", "refused.png")
    assert "must be another one than the first" in said

    progress = office.artifact(run, "progress")
    first = moved(lambda: percent(office, progress), 0)
    second = moved(lambda: percent(office, progress), first)
    office.picture("progress.png", 500)
    ui.leave()
    assert 0 < first < second <= 100
    state = until(lambda: office.server.ended(run), 90, "the end of the run")
    assert state["message"].startswith(f"{PROVISIONED} confirmed, 1 rejected; written: ")

    office.opened(office.artifact(run, "markdown"))
    ui.says(state["message"])
    link = ui.address("march-report.xlsx")
    office.opened(office.artifact(run, "table"))
    ui.says("rejected")
    office.picture("rejects.png", 500)
    assert "123" in ui.text()
    made = here.platform.created()
    assert {iccid: len(made[iccid]) for iccid in here.iccids[:PROVISIONED]} == dict.fromkeys(
        here.iccids[:PROVISIONED], 1
    )

    assert link == f"{office.reports}/march-report.xlsx"
    with urlopen(Request(link, headers={"Authorization": office.server.headers["Authorization"]})) as report:
        assert report.read(4) == b"PK\x03\x04"


def test_a_termination_needs_a_second_person_and_a_sale_appears(office):
    here, ui = office.here, office.ui
    waiting = here.iccids[-SOLD_FROM:]
    stock(here, waiting)
    old = here.write("old.csv", waiting[:3])
    wanted = {"action": "terminate", "file": str(old), "confirm_count": 3, "dry_run": False}
    run = office.server.submit("flows.lifecycle.lifecycle", **wanted)

    said, key = office.sign(run, "", "ann")
    assert "terminate 3 endpoints of old on account t" in said
    said, key = office.sign(run, key, "ann")
    assert "second person" in said
    next_question(office.server, run, key)
    assert states_of(here, waiting) == ["pre_active"] * SOLD_FROM
    said, _ = office.sign(run, key, "bob")
    assert "must be another one than the first" in said
    assert until(lambda: office.server.ended(run), 90, "the end of the run")["message"].startswith(
        "3 confirmed; written: "
    )
    assert states_of(here, waiting) == ["terminated"] * 3 + ["pre_active"] * (SOLD_FROM - 3)

    service = Service(here, env=office.env)
    try:
        status, sold = service.sell("browser-1")  # others sell on this server too
        run = office.runs(flow_runs={"name": {"any_": ["sell browser-1"]}})[0]["id"]
        ui.open("/v2/runs")
        ui.says("sell browser-1")
        until(lambda: office.server.ended(run), 60, "the end of the sale's run")
        ui.open(f"/v2/runs/flow-run/{run}?tab=Details")
        ui.says("Completed")
        office.picture("sale.png", 700)
    finally:
        service.close()
    assert (status, sold["state"]) == (200, "done")
    assert sold["iccid"] in waiting[3:]
    assert states_of(here, [sold["iccid"]]) == ["active"]


def states_of(here: World, iccids: list[str]) -> list[str]:
    """What the store says of these endpoints."""
    states = {row["iccid"]: row["state"] for row in here.run("endpoints", "--json").rows}
    return [states[iccid] for iccid in iccids]
