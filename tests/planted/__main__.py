"""`python -m tests.planted`: plants one defect after the other in a copy of the program and shows that it is found."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.planted.bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]
_COPIED = ("domain", "adapters", "tasks", "flows", "tests", "data/samples", "pyproject.toml", "prefect.yaml")


def main(names: Sequence[str]) -> int:
    """Plant all, or those whose name has one of these words, and say which were found."""
    chosen = [bug for bug in BUGS if not names or any(word in bug.name for word in names)]
    tests = sorted({test for bug in chosen for test in bug.found_by})
    if _failures(ROOT, tests) != 0:
        print("The tests fail without any planted defect; mend that first.")
        return 1
    with ThreadPoolExecutor(2) as pool:
        missed = 0
        for bug, failures in zip(chosen, pool.map(_plant, chosen), strict=True):
            print(f"{'found ' if failures > 0 else 'MISSED'}  {bug.name}  ({failures} tests failed)", flush=True)
            missed += failures <= 0
    return 1 if missed else 0


def _plant(bug: Bug) -> int:
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for part in _COPIED:
            source, target = ROOT / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        file = copy / bug.file
        text = file.read_text(encoding="utf-8")
        assert text.count(bug.old) == 1, f"{bug.file} has the place of {bug.name!r} {text.count(bug.old)} times"
        file.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
        return _failures(copy, bug.found_by)


def _failures(folder: Path, tests: Sequence[str]) -> int:
    """How many of these tests fail there; -1 when they cannot even be collected."""
    # The folder goes first, so that its program is tested and not the installed one.
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--timeout", "60", *tests]
    ended = subprocess.run(command, check=False, cwd=folder, env=env, capture_output=True, text=True)
    if ended.returncode not in (0, 1):
        print(ended.stdout[-2000:], ended.stderr[-2000:], file=sys.stderr)
        return -1
    return sum(line.startswith(("FAILED", "ERROR")) for line in ended.stdout.splitlines())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
