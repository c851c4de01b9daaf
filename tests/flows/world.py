"""A simulated platform, a store and settings of one's own, and the real command line to work with them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.error import URLError
from urllib.request import Request, urlopen

from adapters.platforms.simulator.stock import generate_iccids
from flows.embedded import QUIET, is_healthy

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
PASSWORD = "demo-password"
GROUP, ADDON = "eu", "654321"
QUICK = {"--rate": 0, "--latency": 0.02, "--read-lag": 0.2}
# Patient enough for a busy machine, and quick to believe that something is absent.
ACCOUNT = {"rate_per_second": 400, "max_in_flight": 16, "deadline_seconds": 10, "settle_seconds": 2}
JSON_KEYS = [
    *("batch", "run", "rows", "accepted", "rejected", "duplicates", "blank", "already"),
    *("confirmed", "refused", "in_doubt", "needs_human", "calls", "seconds", "reports"),
]


def until(condition: Callable[[], T], seconds: float = 60.0, what: str = "") -> T:
    """Poll until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds:g} s in vain for {what or condition}"
        time.sleep(0.005)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_env(**more: str) -> dict[str, str]:
    """This process's environment without anything that would steer the program."""
    ours = ("PREFECT_", "PREACTIVE_", "PYTEST_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def fetch(url: str, body: Any = None, *, method: str | None = None) -> Any:
    """JSON from a loopback address; with a body it is posted."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers={"Content-Type": "application/json"}, method=method)
    with urlopen(request, timeout=30) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None


def end(process: subprocess.Popen[Any], *, seconds: float = 20.0) -> None:
    """End a process of ours and wait for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """The living children of a process."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [child for child in map(int, listed) if lives(child)]


class PrefectApi:
    """A Prefect API in a process of its own, as the program starts it, for many commands."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = ""
        for _ in range(3):  # somebody else may take the port before the server does
            if self._start(free_port()):
                return
        raise AssertionError("the Prefect API did not start")

    def _start(self, port: int) -> bool:
        of_server = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1", "PREFECT_UI_ENABLED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.embedded", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_env(PREFECT_HOME=str(self.home), **QUIET, **of_server),
            cwd=self.home,
        )
        url = f"http://127.0.0.1:{port}/api"
        until(lambda: self.process.poll() is not None or is_healthy(url), 110, "the Prefect API")
        if self.process.poll() is not None:
            end(self.process)
            return False
        self.url = url
        return True

    def close(self) -> None:
        """End it the way its parent's death would."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def running(self, part_of_name: str) -> dict[str, Any] | None:
        """The running flow run whose name holds this text."""
        wanted = {"name": {"like_": part_of_name}, "state": {"type": {"any_": ["RUNNING"]}}}
        found = fetch(f"{self.url}/flow_runs/filter", {"flow_runs": wanted})
        return found[0] if found else None

    def run(self, run_id: str) -> dict[str, Any]:
        """One flow run."""
        found: dict[str, Any] = fetch(f"{self.url}/flow_runs/{run_id}")
        return found

    def cancel(self, run_id: str) -> None:
        """What the Cancel button of the UI does."""
        state = {"type": "CANCELLING", "name": "Cancelling"}
        fetch(f"{self.url}/flow_runs/{run_id}/set_state", {"state": state, "force": False})

    def artifacts(self, run_id: str) -> list[dict[str, Any]]:
        """Every artifact of a flow run and its tasks."""
        of_run = {"flow_run_id": {"any_": [run_id]}}
        found: list[dict[str, Any]] = fetch(f"{self.url}/artifacts/filter", {"artifacts": of_run, "limit": 200})
        return found


class SimulatedPlatform:
    """The simulator in a process of its own, and its admin door."""

    def __init__(self, folder: Path, **knobs: Any) -> None:
        options = [str(part) for pair in knobs.items() for part in pair if part is not True]
        command = [sys.executable, "-m", "adapters.platforms.simulator", *options]
        self.log = (folder / "simulator.err").open("w")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=clean_env())
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        bases = [word.partition("=")[2] for word in words if word.startswith("base_url=")]
        assert bases, (folder / "simulator.err").read_text()
        self.base_url = bases[0]
        self._door = self.base_url.removesuffix("/api") + "/_sim"

    def close(self) -> None:
        """End it."""
        end(self.process)
        self.log.close()

    def ask(self, path: str, body: Any = None) -> Any:
        """Look behind the door, or change something."""
        return fetch(self._door + path, body)

    @property
    def stats(self) -> dict[str, Any]:
        """Counts of what reached the platform."""
        found: dict[str, Any] = self.ask("/stats")
        return found

    @property
    def writes(self) -> int:
        """Writing requests so far, whatever came of them."""
        return int(self.stats["write_requests"])

    @property
    def endpoints(self) -> dict[str, dict[str, Any]]:
        """The truth, by ICCID."""
        return {endpoint["iccid"]: endpoint for endpoint in self.ask("/endpoints")}

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """Every true commit, in order."""
        found: list[dict[str, Any]] = self.ask("/ledger")
        return found

    def created(self) -> dict[str, list[str]]:
        """The endpoints ever created for each ICCID."""
        made: dict[str, list[str]] = defaultdict(list)
        for entry in self.ledger:
            if entry["kind"] == "create":
                made[entry["iccid"]].append(entry["endPointId"])
        return dict(made)

    def received(self, *routes: str) -> list[dict[str, Any]]:
        """The requests of these routes, oldest first."""
        return [entry for entry in self.ask("/journal") if entry["path"].rpartition("/")[2] in routes]

    def asked_to_create(self) -> dict[str, list[dict[str, Any]]]:
        """The create requests for each ICCID, oldest first."""
        asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for entry in self.received("CreateEndPoint"):
            asked[entry["body"]["Request"]["requestParam"]["iccid"]].append(entry)
        return dict(asked)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON of its last line."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its lines, each a JSON object."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """The one sentence for a person on standard error; more than that, or a traceback, is an error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("preactive: "), self.err
        assert lines[0].endswith("."), self.err
        return lines[0].removeprefix("preactive: ")


class Running:
    """A command under way."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self._process = process
        self._out, self._err = out, err
        self._began = time.monotonic()
        self.pid = process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def said(self) -> str:
        """What it has said to a person so far."""
        return self._err.read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> Ended:
        """End it as a power cut would."""
        self._process.kill()
        return self.end()

    def end(self, seconds: float = 110.0) -> Ended:
        """Wait until it ends."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"it did not end in {seconds:g} s: {self._err.read_text()}") from None
        return Ended(code, self._out.read_text(), self._err.read_text(), time.monotonic() - self._began)


class World:
    """One platform, one store, one account called t, a file of its SIMs, and commands."""

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = 40,
        api: PrefectApi | None = None,
        platform: Mapping[str, Any] | None = None,
        account: Mapping[str, Any] | None = None,
        store_url: str = "",
    ) -> None:
        self.folder = folder
        stock = rows + rows // 100
        # Numbers that end in zeros look as if a spreadsheet had damaged them.
        self.iccids = [iccid for iccid in generate_iccids(stock, 1) if not iccid.endswith("0000")][:rows]
        self.platform = SimulatedPlatform(folder, **(QUICK | {"--stock": stock} | dict(platform or {})))
        self.store_url = store_url or f"sqlite:///{folder / 'store.db'}"
        self.settings = folder / "preactive.toml"
        self.configure(**(account or {}))
        self.file = self.write("batch.csv", self.iccids)
        self.env = clean_env(PREACTIVE_CONFIG=str(self.settings), PREFECT_HOME=str(folder / "prefect"))
        if api is not None:
            self.env |= {"PREFECT_API_URL": api.url}
        self._commands: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for command in self._commands:
            if not command.is_over:
                command.kill()
        self.platform.close()

    @property
    def store(self) -> Path:
        """The file of the embedded store."""
        return Path(self.store_url.removeprefix("sqlite:///"))

    @property
    def provision(self) -> list[str]:
        """The command that provisions the file."""
        return ["provision", str(self.file), "--yes"]

    def activate(self, count: int | None = None) -> list[str]:
        """The command that activates so many of the file's endpoints into the group."""
        some = [] if count is None else ["--count", str(count)]
        return ["activate", "--tag", "batch", "--group", GROUP, *some, "--yes"]

    def configure(self, **account: Any) -> None:
        """Write the settings."""
        own = {
            "platform": "sft",
            "base_url": self.platform.base_url,
            "username": "api-user",
            "password": PASSWORD,
            "roaming_profile_id": "1234",
            "apn_group_id": "PDP_1",
            "plan_id": "123456",
        }
        values = {name: value for name, value in (own | ACCOUNT | account).items() if value is not None}
        head = {"store_url": self.store_url, "reports_dir": str(self.folder / "reports"), "default_account": "t"}
        lines = [*_toml(head), "[accounts.t]", *_toml(values)]
        lines += [f"[accounts.t.groups.{GROUP}]", *_toml({"addon_plan_id": ADDON})]
        self.settings.write_text("\n".join(lines) + "\n")

    def write(self, name: str, iccids: Sequence[str], *, tags: Iterable[str] | None = None) -> Path:
        """A file of SIMs."""
        lines = ["iccid,name" if tags is None else "iccid,name,tags"]
        own = list(tags) if tags is not None else []
        for number, iccid in enumerate(iccids):
            lines.append(f"{iccid},sim {number:05d}" + (f",{own[number]}" if own else ""))
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> Running:
        """Start a command and leave it running."""
        stem = f"command-{len(self._commands) + 1}"
        out, err = self.folder / f"{stem}.out", self.folder / f"{stem}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "flows", *arguments],
                env=self.env | dict(env or {}),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        self._commands.append(Running(process, out, err))
        return self._commands[-1]

    def run(
        self, *arguments: str, code: int | None = 0, seconds: float = 110.0, env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a command to its end. With `code` it must end with that one."""
        ended = self.start(*arguments, env=env).end(seconds)
        assert code is None or ended.code == code, f"exit {ended.code}\n{ended.out[-2000:]}\n{ended.err[-4000:]}"
        return ended

    def kill_at(self, write: int, *arguments: str) -> bool:
        """Kill a command when the platform has received so many writes; whether it came to that."""
        command = self.start(*arguments)
        until(lambda: command.is_over or self.platform.writes >= write, 100, f"write {write}")
        came_to_it = not command.is_over
        command.kill()
        return came_to_it

    def run_on(self, *arguments: str, times: int = 1, seconds: float = 110.0) -> Ended:
        """Run the same command until it ends with 0, at most so many times."""
        for _ in range(times - 1):
            ended = self.run(*arguments, code=None, seconds=seconds)
            if ended.code == 0:
                return ended
        return self.run(*arguments, seconds=seconds)

    def mapping(self) -> dict[str, str | None]:
        """Which ICCID became which endpoint, says the store."""
        return {row["iccid"]: row["endpoint_id"] for row in self.run("endpoints", "--json").rows}

    def check_one_each(self, iccids: Iterable[str] | None = None) -> None:
        """Every SIM got exactly one endpoint ever, and the store knows each by the id that the platform gave."""
        wanted = set(self.iccids if iccids is None else iccids)
        made = self.platform.created()
        assert {iccid: ids for iccid, ids in made.items() if len(ids) > 1} == {}
        assert set(made) == wanted
        mapping = self.mapping()
        assert mapping == {iccid: ids[0] for iccid, ids in made.items()}
        assert mapping == {iccid: endpoint["endPointId"] for iccid, endpoint in self.platform.endpoints.items()}

    def check_intents(self) -> None:
        """Whatever the platform was asked to create was written down before."""
        rows = self.run("batch", "show", "batch", "--json").rows
        unsent = {row["iccid"] for row in rows if (row["operation"], row["outcome"]) == ("create", "planned")}
        once_more = {row["iccid"] for row in rows if row["text"].startswith("absent in")}
        assert (unsent - once_more) & set(self.platform.asked_to_create()) == set()


def _toml(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in values.items()]


def unreachable() -> str:
    """An address on this machine where nobody answers."""
    return f"http://127.0.0.1:{free_port()}"


def answers(url: str) -> bool:
    """Whether an address answers at all."""
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
