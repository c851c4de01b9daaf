"""What the server does by itself: made by one command, once, and seen to act on a real server."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from domain.events import ACTIVATION_REQUESTED, ORDER_REQUESTED, RAW_SHORT, REFUND_WAITS, RUN_HAS_FAILURES, STOCK_LOW
from tests.flows.prefect_server import Server
from tests.flows.processes import until
from tests.flows.world import World

# Zombies are looked for after ten seconds of silence instead of ten minutes.
APPLY = (
    "import asyncio; from datetime import timedelta; from flows.automations import apply; "
    "from tasks.resources import notify_block; "
    "print(*asyncio.run(apply(notify_block(), silence=timedelta(seconds=10))), sep='\\n')"
)


@pytest.fixture
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A place that notifications are sent to, and what came."""
    came: list[dict[str, Any]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", came
    server.shutdown()
    server.server_close()


@pytest.fixture
def quick_zombies(server) -> Iterator[None]:
    """Automations that look for zombies after seconds would take the runs of other tests for dead."""
    yield
    for one in server.ask("/automations/filter", {}):
        server.ask(f"/automations/{one['id']}", method="DELETE")


def make_webhook(server: Server, url: str) -> None:
    """The notification block that an operator makes in the UI."""
    kind = server.ask("/block_types/slug/custom-webhook")
    (schema,) = server.ask("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})
    data = {"name": "ops", "url": url, "method": "POST", "json_data": {"subject": "{{subject}}", "body": "{{body}}"}}
    block = {"name": "ops", "block_type_id": kind["id"], "block_schema_id": schema["id"], "data": data}
    server.ask("/block_documents/", block)


def emit(server: Server, event: str, about: str, payload: dict[str, Any] | None = None) -> None:
    """Post an event as the shop's own programs do."""
    at = datetime.now(UTC).isoformat()
    resource = {"prefect.resource.id": about}
    server.ask(
        "/events",
        [{"occurred": at, "event": event, "resource": resource, "payload": payload or {}, "id": str(uuid4())}],
    )


def runs_of(server: Server, flow: str) -> list[dict[str, Any]]:
    """The runs of a flow."""
    found: list[dict[str, Any]] = server.ask(
        "/flow_runs/filter", {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
    )
    return found


def zombie(server: Server) -> str:
    """A run that says it runs, and has no process."""
    flow = server.ask("/flows/", {"name": "provision"})
    run = server.ask("/flow_runs/", {"flow_id": flow["id"], "state": {"type": "RUNNING", "name": "Running"}})
    return str(run["id"])


def finished(server: Server) -> str:
    """A run that is over."""
    flow = server.ask("/flows/", {"name": "provision"})
    run = server.ask("/flow_runs/", {"flow_id": flow["id"], "state": {"type": "COMPLETED", "name": "Completed"}})
    return str(run["id"])


def apply(server: Server, here: World, *command: str) -> list[str]:
    """Bring the automations to the server."""
    login = {name: value for name, value in server.env.items() if name.startswith("PREFECT_")}
    return here.run(*command, env=login).out.splitlines()


@pytest.mark.usefixtures("quick_zombies")
def test_automations_are_made_once_and_act(server, bare_world, told):
    url, came = told
    here = bare_world(rows=3)
    own = {"PREACTIVE_CONFIG": str(here.settings), "PREACTIVE_STORE_URL": here.store_url}
    with server.serving(**own, PREFECT_RUNNER_POLL_FREQUENCY="1"):
        first = apply(server, here, "automations", "apply")
        names = ("zombie runs", "crashed runs", "activation requested", "order requested")
        assert first[:4] == [f"preactive: {name}: made" for name in names]
        assert "names no block" in first[-1]

        make_webhook(server, url)
        here.settings.write_text('notify = "custom-webhook/ops"\n' + here.settings.read_text())
        second = [line.rpartition(": ")[2] for line in apply(server, here, "automations", "apply")]
        third = [line.rpartition(": ")[2] for line in apply(server, here, "automations", "apply")]
        here_before, made = "as it was", "made"
        assert second == [here_before, "changed", made, made, here_before, here_before, *[made] * 5]
        assert third == [here_before] * 11

        quick = server.start("-c", APPLY, **own)
        assert quick.wait(60) == 0
        run, before = zombie(server), len(runs_of(server, "resume"))
        emit(server, "prefect.flow-run.heartbeat", f"prefect.flow-run.{run}")
        # A short run's first heartbeat comes after its end.
        over = finished(server)
        emit(server, "prefect.flow-run.heartbeat", f"prefect.flow-run.{over}")
        emit(server, ACTIVATION_REQUESTED, "shop.request.1", {"tag": "none", "dry_run": True})
        emit(server, ORDER_REQUESTED, "shop.order.4711", {"order": "4711", "tag": "none"})
        emit(server, RUN_HAS_FAILURES, "preactive.batch.b", {"batch": "b", "sentence": "2 confirmed, 1 refused"})
        refund = {"account": "t", "order": "4711", "sentence": "order 4711: refunding; the refund waits"}
        emit(server, REFUND_WAITS, "preactive.order.t.4711", refund)
        emit(server, STOCK_LOW, "preactive.stock.t.b", {"account": "t", "tag": "b", "pre_active": 3, "low": 10})
        emit(server, RAW_SHORT, "preactive.stock.t.b", {"account": "t", "tag": "b", "sentence": "no raw SIMs are left"})

        activation = until(lambda: runs_of(server, "activate"), 60, "the activation")[0]
        state = until(lambda: server.ended(activation["id"]), 90, "its end")
        sale = until(lambda: runs_of(server, "sell"), 60, "the sale")[0]
        sold = until(lambda: server.ended(sale["id"]), 90, "its end")
        crashed = until(lambda: server.ended(run), 90, "the end of the zombie")
        until(lambda: len(runs_of(server, "resume")) > before, 30, "the run that goes on")
        until(lambda: len(came) >= 5, 30, "the notifications")
        assert len(runs_of(server, "resume")) == before + 1

    assert activation["parameters"] == {"request": {"tag": "none", "dry_run": True}}
    assert "No endpoint on account t carries the tag 'none'" in state["message"]
    assert sale["parameters"] == {"request": {"order": "4711", "tag": "none"}}
    assert sold["message"].startswith("No SIM of the account ever carried the tag 'none'")
    assert (crashed["type"], crashed["message"]) == ("CRASHED", "The run's process gave no sign of life.")
    bodies = " ".join(one["body"] for one in came)
    assert "b: 2 confirmed, 1 refused" in bodies
    assert "t, b: 3 wait, the low mark is 10" in bodies
    assert "t, b: no raw SIMs are left" in bodies
    assert bodies.count("is Crashed; what it left undone is resumed") == 1
    assert server.ask(f"/flow_runs/{over}")["state"]["type"] == "COMPLETED"


def test_a_command_for_the_server_says_that_there_is_none(bare_world):
    here = bare_world(rows=1)

    assert "preactive up" in here.run("automations", "apply", code=2).sentence
