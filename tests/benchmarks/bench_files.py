"""Measures reading and reporting beside the bare libraries: `python tests/benchmarks/bench_files.py`."""

import argparse
import csv
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from adapters.files.reader import read_manifest  # noqa: E402
from adapters.files.samples import sample_iccid  # noqa: E402
from domain.iccid import check_iccid  # noqa: E402
from domain.report import MappingRow, ReportData  # noqa: E402
from domain.supplier import SupplierProfile  # noqa: E402


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


def bare_csv(path: Path) -> None:
    with path.open(newline="") as stream:
        assert sum(1 for _ in csv.reader(stream))


def bare_xlsx(path: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))
    book.close()


def pandas_csv(path: Path) -> None:
    import pandas

    assert len(pandas.read_csv(path, dtype=str, keep_default_na=False))


def report(folder: Path, count: int) -> None:
    from adapters.files.report import write_reports

    mapping = (MappingRow(name, iccid, f"ep-{iccid}", "pre_active", "eu", (tag,)) for iccid, name, tag in rows(count))
    numbers = {"rows": count, "accepted": count}
    write_reports(folder, ReportData("Bench", "bench", "demo", "run", numbers, mapping, ("iccid", "name"), ()))


def timed(call: Callable[[], object], *, repeat: int) -> float:
    """Return the best of several runs in seconds."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def peak_megabytes(path: Path) -> float:
    """Return the peak memory of a fresh process that reads one file."""
    code = f"from adapters.files.reader import read_manifest; read_manifest({str(path)!r})"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(before, after) / 1024 if after >= before else 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    count, repeat = options.rows, options.repeat
    with tempfile.TemporaryDirectory() as folder:
        text, book, shared = (Path(folder) / name for name in ("rows.csv", "rows.xlsx", "shared.xlsx"))
        make_csv(text, count)
        peak_text = peak_megabytes(text)
        make_xlsx(book, count)
        share_strings(book, shared)
        peak_book = peak_megabytes(shared)
        profile, iccid = SupplierProfile(), sample_iccid("8944500", 7)
        one = timed(lambda: [check_iccid(iccid, profile) for _ in range(count)], repeat=repeat) / count
        base_text = timed(lambda: bare_csv(text), repeat=repeat)
        base_book = timed(lambda: bare_xlsx(book), repeat=repeat)
        base_shared = timed(lambda: bare_xlsx(shared), repeat=repeat)
        lines = [
            ("csv: bare csv.reader", base_text, base_text, None),
            ("csv: read_manifest", timed(lambda: read_manifest(text), repeat=repeat), base_text, peak_text),
            ("csv: pandas.read_csv", timed(lambda: pandas_csv(text), repeat=repeat), base_text, None),
            ("xlsx, Excel: bare openpyxl", base_shared, base_shared, None),
            ("xlsx, Excel: read_manifest", timed(lambda: read_manifest(shared), repeat=repeat), base_shared, peak_book),
            ("xlsx, inline: bare openpyxl", base_book, base_book, None),
            ("xlsx, inline: read_manifest", timed(lambda: read_manifest(book), repeat=repeat), base_book, None),
            ("reports written", timed(lambda: report(Path(folder) / "out", count), repeat=1), base_book, None),
        ]
    print(f"{count:,} rows; check_iccid {one * 1e6:.2f} µs each")
    print(f"{'what':28}{'seconds':>9}{'ratio':>8}{'peak MB':>9}")
    for what, seconds, base, peak in lines:
        print(f"{what:28}{seconds:9.2f}{seconds / base:8.2f}{f'{peak:9.0f}' if peak else '':>9}")


if __name__ == "__main__":
    main()
