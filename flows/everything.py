"""`preactive up`: server, simulator, deployments and order service in child processes, ended together."""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from domain.errors import PreactiveError, UsageError
from flows import parts
from flows.demo import simulator_arguments
from flows.embedded import SERVER_NOTE, home, is_healthy
from flows.listening import listening
from flows.login import SERVER_LOGIN, login_file, server_env
from flows.parts import Part
from tasks import resources
from tasks.stop_signals import stop_signals

_LOCAL = "127.0.0.1"
_DEMO = "PREACTIVE_ACCOUNTS__DEMO__BASE_URL"
# Prefect keeps runs for good unless told otherwise: 720,000 a year with these schedules, 8 KB each.
_RETENTION = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
}
_WRONG_SETTINGS = UsageError.exit_code


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts listen: the Prefect server and the reports at `host`, the others on this machine alone."""

    host: str
    port: int
    simulator_port: int
    orders_port: int
    reports_port: int

    @property
    def api(self) -> str:
        """The address of the Prefect API."""
        return f"http://{_reached_at(self.host)}:{self.port}/api"

    @property
    def simulator(self) -> str:
        """The address of the simulated platform."""
        return f"http://{_LOCAL}:{self.simulator_port}/api"

    @property
    def reports(self) -> str:
        """Where a browser finds the report files."""
        return os.environ.get(resources.REPORTS_URL) or f"http://{_reached_at(self.host)}:{self.reports_port}"

    def check(self) -> None:
        """See that every port is free, and given once.

        Raises UsageError.
        """
        if is_healthy(self.api):
            raise UsageError(f"A Prefect server runs at {self.api} already; end it, or choose another --port.")
        with ExitStack() as taken:
            for what, host, port, option in (
                ("Prefect server", self.host, self.port, "--port"),
                ("simulator", _LOCAL, self.simulator_port, "--simulator-port"),
                ("order service", _LOCAL, self.orders_port, "--orders-port"),
                ("report service", self.host, self.reports_port, "--reports-port"),
            ):
                taken.enter_context(listening(what, host, port, option=option))


def serve_all(places: Places) -> None:
    """Start everything an operator uses and wait for Ctrl-C.

    Raises UsageError for a port that is taken, and for an address that others can reach without a login.
    """
    env = _environment(places)
    places.check()
    resources.open_store().close()
    for number in stop_signals():
        signal.signal(number, signal.default_int_handler)
    note = home() / SERVER_NOTE
    started: list[Part] = []
    try:
        started.append(_server(places, env))
        started.append(parts.start("simulator", simulator_arguments(places.simulator_port), os.environ))
        _wait(places.api, started[0])
        note.write_text(json.dumps({"url": places.api, "reports": places.reports}))
        started += _clients(places, env)
        _tell(places)
        parts.watch(started)
    except KeyboardInterrupt:
        print("Ending.", file=sys.stderr)
    finally:
        note.unlink(missing_ok=True)
        parts.end(reversed(started))


def _environment(places: Places) -> Mapping[str, str]:
    """What the server and its clients need. Raises UsageError."""
    return (
        _RETENTION
        | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}  # a run that was asked for starts within 3 s instead of 10
        | os.environ
        | server_env(home(), places.port, places.host)
        | {
            "PREFECT_HOME": str(home()),  # not the user's, which all programs share that run in their name
            "PREFECT_API_URL": places.api,
            "PREFECT_SERVER_API_HOST": places.host,
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_CLI_PROMPT": "false",
            resources.REPORTS_URL: places.reports,
            _DEMO: places.simulator,
        }
    )


def _server(places: Places, env: Mapping[str, str]) -> Part:
    where = ["--host", places.host, "--port", str(places.port)]
    return parts.start("Prefect server", ["-m", "prefect", "server", "start", *where], env)


def _clients(places: Places, env: Mapping[str, str]) -> list[Part]:
    orders = ["-m", "flows", "orders", "serve", "--port", str(places.orders_port)]
    reports = ["-m", "flows", "reports", "serve", "--host", places.host, "--port", str(places.reports_port)]
    return [
        parts.start("deployments", ["-m", "flows.serving", "--alone"], env),
        # Where the account's settings are not right yet, the UI may be what they are put right with.
        parts.start("order service", orders, env, may_end_with=[_WRONG_SETTINGS]),
        parts.start("report service", reports, env),
        # Ends by itself, once the deployments are there.
        parts.start("automations", ["-m", "flows", "automations", "apply"], env, may_end_with=range(256)),
    ]


def _tell(places: Places) -> None:
    print(f"Prefect UI:  {places.api.removesuffix('/api')}")
    print(f"Sign in:     {_how_to_sign_in()}")
    print(f"Simulator:   {places.simulator}")
    if resources.plain_account("demo")[1].base_url != places.simulator:
        print(f"             for commands on account demo: export {_DEMO}={places.simulator}")
    print(f"Orders:      http://{_LOCAL}:{places.orders_port}/docs (account {resources.plain_account()[0]})")
    print(f"Reports:     {places.reports} (the links in the UI lead there; the same login)")
    print(f"Logs:        {parts.LOGS}")
    print("Ctrl-C ends all of it.", flush=True)


def _reached_at(host: str) -> str:
    """The address that this machine reaches its own server at: one for all addresses is reached at loopback."""
    return _LOCAL if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104


def _how_to_sign_in() -> str:
    return f"as {SERVER_LOGIN} says" if os.environ.get(SERVER_LOGIN) else f"with the line in {login_file(home())}"


def _wait(url: str, server: Part) -> None:
    until = time.monotonic() + 120
    while not is_healthy(url):
        if server.exit_code is not None or time.monotonic() > until:
            raise PreactiveError(f"The Prefect server did not start at {url}; its log is {server.log}.")
        time.sleep(0.1)
