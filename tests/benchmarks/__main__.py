"""`make bench`: every figure of one run side by side; exits 1 when a target is missed."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import bench_files
from tests.benchmarks.bench_provision import rate, speed
from tests.benchmarks.bench_sales import sales
from tests.benchmarks.bench_stacuity import assignments
from tests.benchmarks.figure import Figure
from tests.flows.prefect_api import PrefectApi


def main() -> int:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, to try it out; targets do not count")
    quick = parser.parse_args().quick
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the start", flush=True)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for figure in figures(Path(name), quick=quick):
            print(figure.line(), flush=True)
            missed += not figure.is_met
    print(f"{missed} targets missed" if missed else "every target met")
    return int(missed > 0 and not quick)


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """Everything, one after the other."""
    yield from bench_files.text_figures(folder, 100_000 if quick else 1_000_000)
    yield from bench_files.book_figures(folder, 30_000 if quick else 300_000)
    (folder / "api").mkdir()
    api = PrefectApi(folder / "api")
    try:
        yield from speed(folder, api, 1_000 if quick else 10_000)
        yield from rate(folder, api, 300 if quick else 1_500)
        yield from sales(folder / "sales", api, rows=1_500 if quick else 5_000, seconds=8 if quick else 40)
        yield from assignments(folder / "assignments", api, 1_000 if quick else 10_000)
    finally:
        api.close()


if __name__ == "__main__":
    sys.exit(main())
