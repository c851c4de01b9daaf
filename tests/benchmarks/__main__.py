"""`make bench`: every figure of one run side by side; exits 1 when a target is missed."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import bench_files
from tests.benchmarks.bench_provision import Figure, rate, speed
from tests.flows.world import PrefectApi


def main() -> int:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, for trying the benchmark out")
    quick = parser.parse_args().quick
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "api").mkdir()
        api = PrefectApi(folder / "api")
        try:
            for figure in (
                *speed(folder, api, 1_000 if quick else 10_000),
                *rate(folder, api, 300 if quick else 2_000),
            ):
                figures.append(figure)
        finally:
            api.close()
        figures += files(folder, 10_000 if quick else 100_000)
    for figure in figures:
        print(figure.line())
    return 0 if all(figure.is_met for figure in figures) else 1


def files(folder: Path, rows: int) -> list[Figure]:
    """Reading and checking files beside the bare readers."""
    text, book, shared = (folder / name for name in ("rows.csv", "rows.xlsx", "shared.xlsx"))
    bench_files.make_csv(text, rows)
    bench_files.make_xlsx(book, rows)
    bench_files.share_strings(book, shared)
    bare = bench_files.timed(lambda: bench_files.bare_xlsx(shared), repeat=2)
    ours = bench_files.timed(lambda: bench_files.read_manifest(shared), repeat=2)
    csv_seconds = bench_files.timed(lambda: bench_files.read_manifest(text), repeat=2)
    pandas_seconds = bench_files.timed(lambda: bench_files.pandas_csv(text), repeat=2)
    peak = max(bench_files.peak_megabytes(text), bench_files.peak_megabytes(shared))
    return [
        Figure(f"CSV of {rows:,} rows read and checked", csv_seconds, 2.0, unit="s"),
        Figure("CSV / pandas.read_csv of everything as text", csv_seconds / pandas_seconds),
        Figure(f"XLSX of {rows:,} rows read and checked", ours, unit="s"),
        Figure("XLSX / a bare openpyxl read-only pass", ours / bare, 1.5),
        Figure("peak memory of reading", peak, 400, unit="MB"),
    ]


if __name__ == "__main__":
    sys.exit(main())
