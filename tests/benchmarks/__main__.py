"""`make bench`: every figure of one run side by side; exits 1 when a target is missed."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import bench_files
from tests.benchmarks.bench_provision import Figure, rate, speed
from tests.benchmarks.bench_stacuity import assignments
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
    """Everything, one after the other. Files come first: the peak of memory is that of the largest child so far."""
    yield from files(folder, 10_000 if quick else 100_000)
    (folder / "api").mkdir()
    api = PrefectApi(folder / "api")
    try:
        yield from speed(folder, api, 1_000 if quick else 10_000)
        yield from rate(folder, api, 300 if quick else 1_500)
        yield from assignments(folder / "assignments", api, 1_000 if quick else 10_000)
    finally:
        api.close()


def files(folder: Path, rows: int) -> Iterator[Figure]:
    """Reading and checking files beside the bare readers."""
    text, book, shared = (folder / name for name in ("rows.csv", "rows.xlsx", "shared.xlsx"))
    bench_files.make_csv(text, rows)
    bench_files.make_xlsx(book, rows)
    bench_files.share_strings(book, shared)
    peak = max(bench_files.peak_megabytes(text), bench_files.peak_megabytes(shared))
    bare = bench_files.timed(lambda: bench_files.bare_xlsx(shared), repeat=3)
    ours = bench_files.timed(lambda: bench_files.read_manifest(shared), repeat=3)
    csv_seconds = bench_files.timed(lambda: bench_files.read_manifest(text), repeat=3)
    pandas_seconds = bench_files.timed(lambda: bench_files.pandas_csv(text), repeat=3)
    yield Figure(f"CSV of {rows:,} rows read and checked", csv_seconds, 2.0, unit="s")
    yield Figure("CSV / pandas.read_csv of everything as text", csv_seconds / pandas_seconds)
    yield Figure(f"XLSX of {rows:,} rows read and checked", ours, unit="s")
    yield Figure("XLSX / a bare openpyxl read-only pass", ours / bare, 1.5)
    yield Figure("peak memory of reading", peak, 400, unit="MB")


if __name__ == "__main__":
    sys.exit(main())
