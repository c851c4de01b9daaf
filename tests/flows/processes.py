"""Real processes, and waiting for what they do."""

import json
import os
import pty
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Any, Protocol, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 60.0, what: str = "") -> T:
    """Poll until something is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds:g} s in vain for {what or condition}"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unreachable() -> str:
    """An address on this machine where nobody answers."""
    return f"http://127.0.0.1:{free_port()}"


def clean_env(**more: str) -> dict[str, str]:
    """This process's environment without anything that would steer the program."""
    ours = ("PREFECT_", "PREACTIVE_", "PYTEST_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def fetch(url: str, body: Any = None, *, method: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """JSON from a loopback address; with a body it is posted."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers={"Content-Type": "application/json"} | dict(headers or {}), method=method)
    for later in (*_WAITS, None):
        try:
            with urlopen(request, timeout=30) as answer:
                raw = answer.read()
            return json.loads(raw) if raw else None
        except HTTPError as error:
            # What Prefect's server says while its SQLite is busy; Prefect's own client asks again too.
            if later is None or error.code != 503 or b"Service Unavailable" not in error.read():
                raise
            time.sleep(later)
    return None


_WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)


def answers(url: str) -> bool:
    """Whether an address answers at all."""
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


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


class Process(Protocol):
    """What a test does with a process."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutExpired."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal, if it lives."""

    def kill(self) -> None:
        """End it at once."""


class Running:
    """A command under way."""

    def __init__(self, process: Process, out: Path, err: Path) -> None:
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

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self._out.read_text()

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


def typed(command: Sequence[str], answers: Sequence[tuple[str, str]], *, env: Mapping[str, str], cwd: Path) -> Ended:
    """Run a command at a terminal of its own, where a person types each answer when the words before it are shown.

    What is typed before a hidden answer is asked for is thrown away, so the words must be the last of the question.
    """
    began = time.monotonic()
    ours, theirs = pty.openpty()
    place: Any = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "env": env, "cwd": cwd}
    process = subprocess.Popen(command, **place, start_new_session=True)
    os.close(theirs)
    try:
        shown = _converse(ours, answers)
        return Ended(process.wait(20), shown, "", time.monotonic() - began)
    finally:
        os.close(ours)
        end(process)


def _converse(terminal: int, answers: Sequence[tuple[str, str]]) -> str:
    shown, waiting, seen = "", list(answers), 0
    with suppress(OSError):  # the terminal is gone when its program has ended
        while select([terminal], [], [], 60)[0] and (part := os.read(terminal, 4096)):
            shown += part.decode(errors="replace")
            while waiting and (found := shown.find(waiting[0][0], seen)) >= 0:
                seen = found + len(waiting[0][0])
                os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
    return shown
