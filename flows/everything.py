"""`preactive up`: server, simulator, deployments and order service in child processes, ended together."""

import json
import os
import signal
import subprocess
import sys
import time

from domain.errors import PreactiveError
from flows.demo import start_simulator
from flows.embedded import SERVER_NOTE, home, is_healthy
from flows.login import SERVER_LOGIN, login_file, server_env
from tasks import resources


def serve_all(*, host: str, port: int, simulator_port: int, orders_port: int, reports_port: int) -> None:
    """Start everything an operator uses and wait for Ctrl-C.

    Raises UsageError for an address that others can reach without a login.
    """
    login = server_env(home(), port, host)
    url = f"http://{_reached_at(host)}:{port}/api"
    if is_healthy(url):
        raise PreactiveError(f"A Prefect server runs at {url} already; end it, or choose another --port.")
    note = home() / SERVER_NOTE
    reports = os.environ.get(resources.REPORTS_URL) or f"http://{_reached_at(host)}:{reports_port}"
    env = (
        os.environ
        | login
        | {
            "PREFECT_API_URL": url,
            "PREFECT_SERVER_API_HOST": host,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_CLI_PROMPT": "false",
            resources.REPORTS_URL: reports,
            "PREACTIVE_ACCOUNTS__DEMO__BASE_URL": f"http://127.0.0.1:{simulator_port}/api",
        }
    )
    resources.open_store().close()
    children: list[subprocess.Popen[bytes]] = []
    aside: list[subprocess.Popen[bytes]] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        children.append(_start(["-m", "prefect", "server", "start", "--host", host, "--port", str(port)], env))
        children.append(start_simulator(simulator_port))
        _wait(url, children[0])
        note.write_text(json.dumps({"url": url, "reports": reports}))
        children.append(_start(["-m", "flows.serving"], env))
        children.append(
            _start(["-m", "flows", "orders", "serve", "--account", "demo", "--port", str(orders_port)], env)
        )
        children.append(_start(["-m", "flows", "reports", "serve", "--host", host, "--port", str(reports_port)], env))
        # Ends by itself, once the deployments are there.
        aside.append(_start(["-m", "flows", "automations", "apply"], env))
        print(f"Prefect UI:  {url.removesuffix('/api')}")
        print(f"Sign in:     {_how_to_sign_in()}")
        print(f"Simulator:   http://127.0.0.1:{simulator_port}/api")
        print(f"Orders:      http://127.0.0.1:{orders_port}/docs")
        print(f"Reports:     {reports} (the links in the UI lead there; the same login)")
        print("Ctrl-C ends all of it.", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        raise PreactiveError("One of the parts ended by itself; see its message above. The others were ended too.")
    except KeyboardInterrupt:
        print("Ending.", file=sys.stderr)
    finally:
        note.unlink(missing_ok=True)
        _end([*children, *aside])


def _reached_at(host: str) -> str:
    """The address that this machine reaches its own server at: one for all addresses is reached at loopback."""
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104


def _how_to_sign_in() -> str:
    return f"as {SERVER_LOGIN} says" if os.environ.get(SERVER_LOGIN) else f"with the line in {login_file(home())}"


def _start(arguments: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    # Each child leads a group of its own, so that a Ctrl-C reaches us alone and the order of ending is ours.
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while not is_healthy(url):
        if server.poll() is not None or time.monotonic() > until:
            raise PreactiveError(f"The Prefect server did not start at {url}; is the port taken?")
        time.sleep(0.1)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        # Prefect's runner ends tidily on Ctrl-C alone; a run that it started gets the signal too, and stops.
        _signal(child, signal.SIGINT)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
