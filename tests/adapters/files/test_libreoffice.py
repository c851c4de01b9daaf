"""Workbooks of ours that LibreOffice opened and saved again are read as before."""

import shutil
import subprocess
from pathlib import Path

import pytest

from adapters.files.reader import read_manifest
from adapters.files.report import write_reports
from adapters.files.samples import make_samples
from domain.errors import FileRefused
from domain.report import MappingRow, ReportData, rejects_of

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (Debian: libreoffice-calc)"),
    pytest.mark.xdist_group("soffice"),
]
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true"  # comma, quotes round all text, UTF-8
BOOKS = ("clean-500.xlsx", "demo.xlsx", "damaged.xlsx", "mixed-rejects.xlsx", "mixed-report.xlsx")


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Path:
    """The samples, and the reports of one of them."""
    folder = tmp_path_factory.mktemp("ours")
    make_samples(folder)
    found = read_manifest(folder / "mixed.csv")
    mapping = [MappingRow(row.name, row.iccid or "", "ep-1", "pre_active", None, row.tags) for row in found.accepted]
    report = ReportData(
        "mixed", "mixed", "demo", "run", found.numbers(), mapping, found.columns, list(rejects_of(found)),
        reasons={"luhn": 1, "length": 2},
    )  # fmt: skip
    write_reports(folder, report)
    return folder


@pytest.fixture(scope="module")
def saved(ours, tmp_path_factory):
    """Lets LibreOffice save all workbooks in a format."""
    profile = tmp_path_factory.mktemp("profile").as_uri()

    def save(kind: str) -> Path:
        folder = tmp_path_factory.mktemp("saved")
        command = [str(SOFFICE), "--headless", "--norestore", f"-env:UserInstallation={profile}", "--convert-to", kind]
        done = subprocess.run(
            [*command, "--outdir", str(folder), *(str(ours / name) for name in BOOKS)],
            check=True, capture_output=True, timeout=100,
        )  # fmt: skip
        assert len(list(folder.iterdir())) == len(BOOKS), done.stderr
        return folder

    return save


def items(path: Path, sheet: str | None = None):
    """What must not differ: each row's number, outcome, ICCID, name, tags and reasons."""
    found = read_manifest(path, sheet=sheet)
    return [
        (row.row_no, row.outcome, row.iccid, row.name, row.tags, [str(problem.code) for problem in row.problems])
        for row in found.rows
    ]


@pytest.fixture(scope="module")
def as_workbooks(saved) -> Path:
    return saved("xlsx")


@pytest.mark.parametrize("name", ["clean-500.xlsx", "demo.xlsx", "mixed-rejects.xlsx"])
def test_a_workbook_saved_by_libreoffice_is_the_same_file(ours, as_workbooks, name):
    assert items(as_workbooks / name) == items(ours / name)


def test_a_report_saved_by_libreoffice_keeps_its_rejects_and_its_mapping(ours, as_workbooks):
    for sheet in ("Rejects", "Mapping"):
        assert items(as_workbooks / "mixed-report.xlsx", sheet) == items(ours / "mixed-report.xlsx", sheet)


def test_numbers_stay_numbers(ours, as_workbooks):
    assert items(as_workbooks / "damaged.xlsx") == items(ours / "damaged.xlsx")


def test_the_reject_file_saved_as_csv_is_the_same_file(ours, saved):
    folder = saved(CSV)

    assert items(folder / "mixed-rejects.csv") == items(ours / "mixed-rejects.xlsx")
    assert items(folder / "clean-500.csv") == items(ours / "clean-500.xlsx")


def test_an_ods_table_is_refused_with_what_to_do(saved):
    with pytest.raises(FileRefused, match="OpenDocument") as caught:
        read_manifest(saved("ods") / "clean-500.ods")

    assert caught.value.code == "type"
