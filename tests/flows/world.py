"""A simulated platform, a store and settings of one's own, and the real command line to work with them."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from adapters.platforms.simulator.stock import generate_iccids
from tests.flows.prefect_api import PrefectApi
from tests.flows.processes import Ended, Running, clean_env, until
from tests.flows.simulated import SimulatedPlatform

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
    *("other_names", "writes", "asked", "available"),
]


class World:
    """One platform, one store, one account called t, a file of its SIMs, and commands.

    Commands use the Prefect API that is given, if they show their runs; `warm`: they are forked, not started anew.
    """

    simulator: ClassVar[Mapping[str, Any]] = QUICK
    own: ClassVar[Mapping[str, Any]] = {
        "platform": "sft",
        "username": "api-user",
        "password": PASSWORD,
        "roaming_profile_id": "1234",
        "apn_group_id": "PDP_1",
        "plan_id": "123456",
    }
    group_target: ClassVar[Mapping[str, Any]] = {"addon_plan_id": ADDON}

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = 40,
        api: PrefectApi | None = None,
        platform: Mapping[str, Any] | None = None,
        account: Mapping[str, Any] | None = None,
        store_url: str = "",
        warm: bool = True,
        shows: bool = True,
    ) -> None:
        self.folder = folder
        stock = rows + rows // 100
        # Numbers that end in zeros look as if a spreadsheet had damaged them.
        self.iccids = [iccid for iccid in generate_iccids(stock, 1) if not iccid.endswith("0000")][:rows]
        knobs = dict(self.simulator) | {"--stock": stock} | dict(platform or {})
        self._warm = api.warm if api is not None and warm else None
        given = {name: value for name, value in knobs.items() if value is not None}
        self.platform = SimulatedPlatform(folder, self._warm, **given)
        self.store_url = store_url or f"sqlite:///{folder / 'store.db'}"
        self.settings = folder / "preactive.toml"
        self.configure(**(account or {}))
        self.file = self.write("batch.csv", self.iccids)
        self.env = clean_env(PREACTIVE_CONFIG=str(self.settings), PREFECT_HOME=str(folder / "prefect"))
        if self._warm is not None:
            self.env |= self._warm.env if shows else {}
        elif api is not None:
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
    def commands(self) -> int:
        """How many commands were started so far."""
        return len(self._commands)

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
        given = {**self.own, "base_url": self.platform.base_url, **ACCOUNT, **account}
        values = {name: value for name, value in given.items() if value is not None}
        head = {"store_url": self.store_url, "reports_dir": str(self.folder / "reports"), "default_account": "t"}
        lines = [*_toml(head), "[accounts.t]", *_toml(values)]
        lines += [f"[accounts.t.groups.{GROUP}]", *_toml(self.group_target)]
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
        if self._warm is None or (env is not None and any(name.startswith("PREFECT_") for name in env)):
            return self._start(["-m", "flows", *arguments], env)
        out, err = self._files()
        whole = self.env | dict(env or {})
        process = self._warm.start(arguments, env=whole, cwd=self.folder, out=out, err=err)
        return self._note(Running(process, out, err))

    def execute(self, run_id: str, flow: str) -> Running:
        """Start a process for a flow run that Prefect knows already, as a runner does."""
        return self._start(["-m", "prefect.engine", run_id], {"PREFECT__FLOW_ENTRYPOINT": flow})

    def _start(self, arguments: Sequence[str], env: Mapping[str, str] | None) -> Running:
        out, err = self._files()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.env | dict(env or {}),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        return self._note(Running(process, out, err))

    def _files(self) -> tuple[Path, Path]:
        """Where the next command's words go."""
        stem = f"command-{len(self._commands) + 1}"
        files = self.folder / f"{stem}.out", self.folder / f"{stem}.err"
        for file in files:
            file.touch()
        return files

    def _note(self, command: Running) -> Running:
        self._commands.append(command)
        return command

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
