"""Makes the pictures of the documents: a demo in a copy of the project, and Chromium without a screen.

    python docs/images/make.py

Needs Chromium with its driver and two minutes. Nothing of the project's own data is touched.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.flows.processes import answers, free_port, until  # noqa: E402 - the path comes first
from tests.support.browser import Ui, browsing  # noqa: E402

LEFT_OUT = shutil.ignore_patterns(".*", "var", "reports", "__pycache__", "*.egg-info", "preactive.toml")
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def main() -> None:
    """Run the demo, start everything, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "preactive"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        server, simulator = free_port(), free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PREACTIVE_"))}
        env |= {"PREACTIVE_ACCOUNTS__DEMO__BASE_URL": f"http://127.0.0.1:{simulator}/api", "TZ": "UTC"}
        run(copy, env, "demo")
        codes = {name: CODE.findall(run(copy, env, "approver", "add", name)) for name in ("ann", "bob")}
        root = f"http://127.0.0.1:{server}"
        with started(copy, env | {"PREACTIVE_ACCOUNTS__DEMO__MAX_CHANGE": "100"}, server, simulator):
            until(lambda: answers(f"{root}/api/health"), 120, "the server")
            login = (copy / "data" / "var" / "prefect-keys" / "login").read_text().strip()
            with browsing(root, login) as ui:
                take_all(ui, codes)


def run(copy: Path, env: dict[str, str], *words: str) -> str:
    """Run a command in the copy, and give what it said."""
    command = [sys.executable, "-m", "flows", *words]
    return subprocess.run(command, cwd=copy, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def started(copy: Path, env: dict[str, str], server: int, simulator: int) -> Iterator[None]:
    """`preactive up` in the copy for the length of a with block."""
    ports = ["--port", str(server), "--simulator-port", str(simulator), "--orders-port", str(free_port())]
    command = [sys.executable, "-m", "flows", "up", *ports]
    process = subprocess.Popen(command, cwd=copy, env=env, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def take_all(ui: Ui, codes: dict[str, list[str]]) -> None:
    """Take every picture."""
    ui.open("/v2/runs")
    demo = ui.link("provision demo · 240 rows · demo")
    take(ui, f"/v2/runs/flow-run/{demo}?tab=Details", "run.png", 872, "240")
    take(ui, f"/v2/runs/flow-run/{demo}?tab=Artifacts", "artifacts.png", 975, "Rejects and failures")
    take(ui, f"/v2/artifacts/artifact/{summary_of(ui, demo)}", "summary.png", 1000, "calls in")
    ui.open("/v2/deployments")
    deployment = ui.link("file")
    take(ui, f"/v2/deployments/deployment/{deployment}/run", "form.png", 1020, "Path of a CSV")
    take(ui, "/v2/automations", "automations.png", 1000, "preactive: zombie runs")

    ui.start(deployment, {"File": "data/samples/clean-500.xlsx"}, "Dry run")
    ui.open("/v2/runs")
    waiting = ui.link("provision clean-500.xlsx")
    ui.answer(waiting, name="ann", code=codes["ann"][0])
    ui.answer(waiting, name="bob", code=codes["bob"][0], picture=HERE / "approval.png")


def summary_of(ui: Ui, run: str) -> str:
    """The artifact of a run that has its numbers."""
    for artifact in ui.artifacts(run):
        ui.open(f"/v2/artifacts/artifact/{artifact}")
        time.sleep(2)
        if "calls in" in ui.text():
            return artifact
    raise AssertionError("the run has no summary")


def take(ui: Ui, path: str, name: str, height: int, when: str) -> None:
    """Save what a page looks like, once it says what it is about."""
    if path:
        ui.open(path)
    ui.says(when)
    time.sleep(2)  # graphs and fonts come a moment after the words
    ui.save(HERE / name, height)
    print(name, (HERE / name).stat().st_size, "bytes")


if __name__ == "__main__":
    main()
