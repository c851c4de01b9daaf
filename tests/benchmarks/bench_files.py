"""Measures reading and storing beside the bare libraries: `python -m tests.benchmarks.bench_files`."""

import argparse
import csv
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from adapters.files.reader import read_manifest
from adapters.files.samples import sample_iccid
from adapters.store.ingest import Source, ingest
from adapters.store.store import Store
from domain import iccid_column
from domain.manifest import Manifest
from tasks.resources.changing import Again
from tests.benchmarks.bench_provision import Figure

ROOT = Path(__file__).parents[2]


def rows(count: int) -> Iterator[tuple[str, str, str]]:
    """Yield clean rows."""
    return ((sample_iccid("8944500", i), f"device-{i:07d}", "stock") for i in range(1, count + 1))


def make_csv(path: Path, count: int) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("iccid", "name", "tags"), *rows(count)])


def make_xlsx(path: Path, count: int) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("SIMs")
    sheet.append(("iccid", "name", "tags"))
    for row in rows(count):
        sheet.append(row)
    book.save(path)


def share_strings(source: Path, target: Path) -> None:
    """Write a workbook again as Excel does: every text once, in a table of its own."""
    place: dict[bytes, int] = {}

    def index(match: re.Match[bytes]) -> bytes:
        return b't="s"><v>%d</v></c>' % place.setdefault(match[1], len(place))

    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        sheet = "xl/worksheets/sheet1.xml"
        parts[sheet] = re.sub(rb't="inlineStr"><is>(<t>[^<]*</t>)</is></c>', index, parts[sheet])
        table = b"".join(b"<si>%s</si>" % text for text in place)
        parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s">%s</sst>' % (SHEET_MAIN_NS.encode(), table)
        override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % SHARED_STRINGS.encode()
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", override)
        for name, content in parts.items():
            new.writestr(name, content)


def bare_xlsx(path: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))
    book.close()


def pandas_csv(path: Path) -> None:
    import pandas

    assert len(pandas.read_csv(path, dtype=str, keep_default_na=False))


def timed(call: Callable[[], object], *, repeat: int) -> float:
    """Return the best of several runs in seconds."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def peak_megabytes(code: str) -> float:
    """Return the peak memory of a fresh process that runs this, or of the largest child it had.

    Not its ru_maxrss: that begins with what the process that started it had.
    """
    command = [sys.executable, "-c", f"{code}\nfrom tests.benchmarks.bench_files import tell_peak; tell_peak()"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def tell_peak() -> None:
    """Print the peak memory of this process and its children in kilobytes."""
    own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))


def reading(path: Path) -> str:
    """A program that reads and checks a file."""
    return f"from adapters.files.reader import read_manifest; found = read_manifest({str(path)!r})"


def storing(path: Path, store: Path) -> str:
    """A program that reads a file and stores it."""
    return f"{reading(path)}\nfrom tests.benchmarks.bench_files import store_rows; store_rows(found, {str(store)!r})"


def store_rows(found: Manifest, store: str) -> float:
    """Store a checked file as the program does, and return the seconds it took."""
    opened = Store(f"sqlite:///{store}")
    source = Source("rows.csv", found.digest, found.rows_digest, found.columns, **found.numbers())
    began = time.perf_counter()
    opened.write(
        ingest,
        account="bench", batch="rows", is_named=False, source=source, accepted=Again(found.rows.named),
        name_template="{batch}-{row}", rejected=[], tags=(), platform_tags="off",
    )  # fmt: skip
    seconds = time.perf_counter() - began
    opened.close()
    return seconds


def store_bare(found: Manifest, store: str) -> float:
    """Put the same rows into the same tables by executemany alone, and return the seconds it took."""
    Store(f"sqlite:///{store}").close()
    rows = list(found.rows.named())
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("INSERT INTO batches VALUES (1, 'bench', 'rows', '[]', 0)")
        connection.execute("INSERT INTO changes (id, account, request, created_at) VALUES (1, 'bench', 'x', 0)")
        connection.execute("INSERT INTO sources VALUES (1, 1, 'bench', 'x', '', '', '[]', 0, 0, 0, 0, 0, 0)")
        connection.commit()
        began = time.perf_counter()
        connection.executemany(
            "INSERT INTO endpoints (id, account, iccid, name, state, batch_id, updated_at) "
            "VALUES (?, 'bench', ?, ?, 'stock', 1, 0)",
            rows,
        )
        connection.executemany(
            "INSERT INTO rows (source_id, row_no, endpoint, name, known) VALUES (1, ?, ?, ?, 0)",
            ((number, number, name) for number, _, name in rows),
        )
        connection.executemany(
            "INSERT INTO operations (account, change_id, position, endpoint, kind, state, updated_at) "
            "VALUES ('bench', 1, ?, ?, 'create', 'planned', 0)",
            ((number, number) for number, _, _ in rows),
        )
        connection.executemany("INSERT INTO tags VALUES (?, 'rows')", ((number,) for number, _, _ in rows))
        connection.commit()
        return time.perf_counter() - began


def side_by_side(first: Callable[[], object], second: Callable[[], object], *, repeat: int) -> tuple[float, float]:
    """Return the best seconds of both, measured in turns, so that a busy minute hits both."""
    times = [(timed(first, repeat=1), timed(second, repeat=1)) for _ in range(repeat)]
    return min(one for one, _ in times), min(two for _, two in times)


def cost_of_the_float_rule(path: Path) -> float:
    """Return the share of reading, in processor time, that is spent on telling floating-point damage."""
    spent = 0.0
    sound = iccid_column._sound

    def watched(*arguments: Any) -> Any:
        nonlocal spent
        began = time.process_time()
        found = sound(*arguments)
        spent += time.process_time() - began
        return found

    began = time.process_time()
    with patch.object(iccid_column, "_sound", watched):
        read_manifest(path)
    return spent / (time.process_time() - began)


def text_figures(folder: Path, rows: int) -> Iterator[Figure]:
    """A large CSV beside pandas and a bare executemany."""
    text = folder / "large.csv"
    make_csv(text, rows)
    ours, pandas_seconds = side_by_side(lambda: read_manifest(text), lambda: pandas_csv(text), repeat=5)
    yield Figure(f"CSV of {rows:,} rows read and checked", ours, unit="s")
    yield Figure("CSV / pandas.read_csv of everything as text", ours / pandas_seconds, 3.0)
    yield Figure("share of reading that the look for floating point takes", cost_of_the_float_rule(text), 0.05)
    found = read_manifest(text)
    stored, bare = store_rows(found, str(folder / "ours.db")), store_bare(found, str(folder / "bare.db"))
    yield Figure(f"{rows:,} rows stored / executemany into the same tables", stored / bare, 2.0)
    del found
    peak = peak_megabytes(storing(text, folder / "peak.db"))
    yield Figure(f"peak memory of reading and storing {rows:,} rows", peak, 512, unit="MB")


def book_figures(folder: Path, rows: int) -> Iterator[Figure]:
    """A large workbook, written as Excel does and as openpyxl does, beside a bare pass of openpyxl."""
    book, shared = folder / "rows.xlsx", folder / "shared.xlsx"
    make_xlsx(book, rows)
    share_strings(book, shared)
    for path, how in ((shared, "shared texts"), (book, "inline texts")):
        ours, bare = side_by_side(partial(read_manifest, path), partial(bare_xlsx, path), repeat=2)
        yield Figure(f"XLSX of {rows:,} rows, {how}, read and checked", ours, unit="s")
        yield Figure("XLSX / a bare openpyxl read-only pass", ours / bare, 0.3)
    yield Figure(f"peak memory of reading {rows:,} rows of a workbook", peak_megabytes(reading(shared)), 512, unit="MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sheet-rows", type=int, default=300_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for figure in chain(text_figures(folder, options.rows), book_figures(folder, options.sheet_rows)):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
