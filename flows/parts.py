"""The parts of `preactive up`: child processes whose own words go to a file each, and not to the terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from domain.errors import PreactiveError
from tasks import resources

LOGS = Path("data/var/log")
_OURS = "preactive: "


@dataclass(frozen=True, slots=True)
class Part:
    """One part, where it writes what it has to say, and the exit codes after which the others go on without it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    may_end_with: Collection[int] = ()

    @property
    def exit_code(self) -> int | None:
        """How it ended, if it did."""
        return self.process.poll()

    def last_word(self) -> str:
        """That it ended by itself, why where it said so, and where to read on."""
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = said[-1].removeprefix(_OURS) if said and said[-1].startswith(_OURS) else "It ended by itself."
        return f"The {self.name}: {why} Its log is {self.log}."


def start(name: str, arguments: Sequence[str], env: Mapping[str, str], *, may_end_with: Collection[int] = ()) -> Part:
    """Start this Python with other arguments. The log of the time before is kept beside the new one."""
    log = resources.private_folder(LOGS) / f"{name.lower().replace(' ', '-')}.log"
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("wb") as words:
        # Each child leads a group of its own, so that a Ctrl-C reaches us alone and the order of ending is ours.
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            start_new_session=True,
        )
    return Part(name, process, log, may_end_with)


def watch(parts: Iterable[Part], *, every: float = 0.5) -> NoReturn:
    """Wait until a part ends by itself without which the others are of no use.

    Raises PreactiveError then.
    """
    running = list(parts)
    while True:
        for part in [one for one in running if one.exit_code is not None]:
            running.remove(part)
            if part.exit_code not in part.may_end_with:
                raise PreactiveError(f"{part.last_word()} The others were ended too.")
            if part.exit_code:
                print(f"{_OURS}{part.last_word()} The others go on.", file=sys.stderr, flush=True)
        time.sleep(every)


def end(parts: Iterable[Part]) -> None:
    """End them, one after the other."""
    for part in parts:
        # Prefect's runner ends tidily on Ctrl-C alone; a run that it started gets the signal too, and stops.
        _signal(part, signal.SIGINT)
        try:
            part.process.wait(20)
        except subprocess.TimeoutExpired:
            _signal(part, signal.SIGKILL)
            part.process.wait()


def _signal(part: Part, number: signal.Signals) -> None:
    try:
        os.killpg(part.process.pid, number)
    except ProcessLookupError:
        return
