"""Forks commands from a process that has imported everything already, which most of a short command's time goes into.

Each line of standard input is a command in JSON, as `python -m flows` takes it, or `-c` and a program. Answers `started
PID` and later `ended PID CODE`, and ends with its standard input.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import sys
from collections.abc import Iterable
from typing import Any

OURS = ("flows", "tasks", "adapters", "domain")
# What a run imports late, some of it deep in the libraries.
LATE = (
    *("alembic.command", "alembic.context", "anyio._backends._asyncio", "encodings.idna", "encodings.utf_8_sig"),
    *("graphviz", "openpyxl", "pandas", "prefect.flow_engine", "prefect.task_engine", "pygments.lexers"),
)


def import_everything() -> None:
    """Import the program and what it imports late."""
    for name in (*LATE, *OURS):
        package = importlib.import_module(name)
        if name in OURS:
            for module in pkgutil.walk_packages(package.__path__, f"{name}."):
                if not module.name.endswith("__main__") and ".migrations" not in module.name:
                    importlib.import_module(module.name)


def say(*words: Any) -> None:
    """One line to who asked."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def bury(*_: object) -> None:
    """Tell how children ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say("ended", pid, os.waitstatus_to_exitcode(status))


def become(command: dict[str, Any]) -> None:
    """Take on a command's folder, environment and files."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    for number, (path, flags) in enumerate(
        (("/dev/null", os.O_RDONLY), (command["out"], os.O_WRONLY), (command["err"], os.O_WRONLY))
    ):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = ["flows", *command["arguments"]]


def serve(lines: Iterable[str]) -> bool:
    """Fork each command; whether this is a child that has to carry one out."""
    for line in lines:
        command = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # its start is told before its end
        pid = os.fork()
        if not pid:
            become(command)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            return True
        say("started", pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    return False


if __name__ == "__main__":
    import_everything()
    gc.freeze()
    signal.signal(signal.SIGCHLD, bury)
    with os.fdopen(os.dup(0), encoding="utf-8") as asked:
        is_command = serve(iter(asked.readline, ""))
    if is_command and sys.argv[1] == "-c":
        sys.argv.pop(0)
        exec(sys.argv.pop(1), {"__name__": "__main__"})
    elif is_command:
        runpy.run_module("flows", run_name="__main__", alter_sys=True)
