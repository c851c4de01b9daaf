"""Reports: safe to open, whole on the disk, and a reject file that can be corrected and handed in again."""

import csv
import gc
import os
import stat
from contextlib import suppress
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.files import durable
from adapters.files.report import file_stem, write_reports
from adapters.files.safe_cells import safe_csv
from adapters.files.sheets_out import write_table
from domain.labels import FORMULA_STARTS, check_name
from domain.report import MappingRow, RejectRow, ReportData, reasons_of, rejects_of
from domain.supplier import SupplierProfile

A, B = "8944500000000079364", "8944500000000158556"
NUMBERS = {"rows": 3, "accepted": 1, "rejected": 2, "calls": 4, "seconds": 1.5}
MAPPING = [
    MappingRow("=1+1", A, "ep-1", "pre_active", "eu", ("x", "y"), "confirmed"),
    MappingRow(None, B, None, "stock", None, (), "refused", "@SUM(1)"),
]

REJECT = RejectRow(3, ("89", "x"), "ICCID", "89", "length", "The number has 2 digits, expected 19 or 20.")


def report(mapping=MAPPING, columns=("ICCID", "=Name"), rejects=(), batch="july"):
    return ReportData("Provisioning", batch, "demo", "run-1", NUMBERS, mapping, columns, rejects)


def cells(path, sheet):
    book = openpyxl.load_workbook(path)
    return [[(cell.value, cell.data_type, cell.number_format) for cell in row] for row in book[sheet].iter_rows()]


def test_the_four_files_of_a_batch_are_written(tmp_path):
    paths = write_reports(tmp_path / "new", report(rejects=[REJECT]))

    assert [path.name for path in paths] == [
        "july-report.xlsx",
        "july-mapping.csv",
        "july-rejects.csv",
        "july-rejects.xlsx",
    ]
    assert sorted(tmp_path.glob("new/*")) == sorted(paths)


def test_without_rejects_there_are_no_reject_files(tmp_path):
    assert [path.name for path in write_reports(tmp_path, report())] == ["july-report.xlsx", "july-mapping.csv"]


def test_files_of_an_earlier_run_are_never_overwritten_or_removed(tmp_path):
    first = write_reports(tmp_path, report(rejects=[REJECT]))
    first[2].write_text("a person works here")
    old = [path.read_bytes() for path in first]
    (tmp_path / "july-rejects-2.csv").write_text("kept from somewhere")

    later = write_reports(tmp_path, report())

    assert [path.name for path in later] == ["july-report-3.xlsx", "july-mapping-3.csv"]
    assert [path.read_bytes() for path in first] == old


def test_another_process_that_writes_at_the_same_moment_keeps_its_files(tmp_path, monkeypatch):
    theirs = tmp_path / "july-report.xlsx"
    sync = durable.os.fsync

    def meanwhile(descriptor):
        if not theirs.exists():
            theirs.write_text("theirs")
        sync(descriptor)

    monkeypatch.setattr(durable.os, "fsync", meanwhile)
    paths = write_reports(tmp_path, report())

    assert theirs.read_text() == "theirs"
    assert [path.name for path in paths] == ["july-report-2.xlsx", "july-mapping-2.csv"]


def test_where_there_are_no_links_nothing_is_overwritten_either(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(durable.Path, "hardlink_to", refuse)
    path = tmp_path / "a"
    for _ in range(2):
        with suppress(FileExistsError), durable.written(path, is_new=True) as stream:
            stream.write(b"first" if not path.exists() else b"second")

    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"first")]


def test_the_rejects_of_a_batch_say_which_one_they_join(tmp_path):
    paths = write_reports(tmp_path, replace(report(rejects=[REJECT]), joins="july"))
    with paths[2].open(encoding="utf-8-sig", newline="") as stream:
        header, row, last = csv.reader(stream)

    assert (header[-1], row[-1], last[-1]) == ("reject_batch", "july", "july")
    assert last[-2].startswith("Correct the rows above and hand this file in again: they join batch july ")
    assert set(last[:-2]) == {""}
    assert [row[-1] for row in cells(paths[3], "Rejects")][1:] == [("july", "s", "@")] * 2


def test_the_summary_shows_the_numbers_and_a_chart_of_rows(tmp_path):
    book = openpyxl.load_workbook(write_reports(tmp_path, report())[0])
    summary = book["Summary"]
    values = [[cell.value for cell in row] for row in summary.iter_rows(max_col=2)]

    assert book.sheetnames == ["Summary", "Mapping", "Rejects"]
    assert values[0][0] == "Provisioning"
    assert values[5:] == [["rows", 3], ["accepted", 1], ["rejected", 2], ["calls", 4], ["seconds", 1.5]]
    [chart] = summary._charts
    assert chart.series[0].val.numRef.f == "'Summary'!$B$6:$B$8"  # calls and seconds are no rows


def test_iccids_are_text_with_text_format_and_formulas_stay_text(tmp_path):
    rows = cells(write_reports(tmp_path, report())[0], "Mapping")

    assert rows[1][:3] == [("=1+1", "s", "@"), (A, "s", "@"), ("ep-1", "s", "@")]
    assert rows[2][7] == ("@SUM(1)", "s", "@")
    assert all(kind != "f" for row in rows for _, kind, _ in row)


def test_the_mapping_csv_can_be_opened_without_running_anything(tmp_path):
    path = write_reports(tmp_path, report())[1]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, first, second = csv.reader(stream)

    assert header == ["name", "iccid", "endpoint_id", "state", "group", "tags", "outcome", "reason"]
    assert first == ["'=1+1", A, "ep-1", "pre_active", "eu", "x,y", "confirmed", ""]
    assert second[7] == "'@SUM(1)"


@pytest.mark.parametrize("start", list(FORMULA_STARTS))
def test_every_start_of_a_formula_gets_an_apostrophe(start):
    assert safe_csv(f"{start}1") == f"'{start}1"


@settings(deadline=None)
@given(st.text(max_size=30))
@example("'=1")
@example("\t=1")
def test_a_name_means_the_same_after_it_was_made_safe(text):
    profile = SupplierProfile()

    if check_name(text, profile).code == "":
        assert check_name(safe_csv(text), profile) == check_name(text, profile)


def test_control_characters_never_reach_a_report(tmp_path):
    rows = [MappingRow("a\x1b[2Jb\x00", A, "x\ud800", "s")]
    paths = write_reports(tmp_path, report(mapping=rows))

    assert cells(paths[0], "Mapping")[1][0][0] == "a\ufffd[2Jb\ufffd"
    assert b"\x1b" not in paths[1].read_bytes()


def rejected(make, content):
    found = make.read(content)
    return write_reports(make.folder / "out", report(columns=found.columns, rejects=rejects_of(found)))


def test_rejects_keep_the_layout_of_the_file_and_add_the_reasons(make):
    path = rejected(make, f"note,ICCID,Name,PIN\nx,{A[:-1]},=1+1,1234\n,{B},b,1234\n")[2]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))

    assert list(rows[0]) == [
        *("note", "ICCID", "Name", "reject_row", "reject_column", "reject_value", "reject_code", "reject_reason")
    ]
    assert [rows[0][key] for key in list(rows[0])[:7]] == ["x", A[:-1], "'=1+1", "2", "ICCID", A[:-1], "length"]
    assert "18 digits" in rows[0]["reject_reason"]
    assert b"1234" not in path.read_bytes()


@pytest.mark.parametrize("place", [2, 3])
def test_a_corrected_reject_file_is_accepted(make, place):
    path = rejected(make, f"note,ICCID,Name,Tags\nx,{A[:-1]},=1+1,-t\n,{B},東京,\n,{B},b,\n")[place]
    corrected = make.folder / "corrected"
    if path.suffix == ".csv":
        text = path.read_text(encoding="utf-8-sig").replace(A[:-1], A).replace(",b,", ",東京,")
        corrected.write_text(text, encoding="utf-8")
    else:
        book = openpyxl.load_workbook(path)
        book.active["B2"] = A
        book.active["C4"] = "東京"
        book.save(corrected)
    found = make.read(corrected)

    assert [(row.iccid, row.name, row.tags) for row in found.accepted] == [(A, "=1+1", ("-t",)), (B, "東京", ())]
    assert found.numbers()["duplicates"] == 1
    assert found.columns == ("note", "ICCID", "Name", "Tags")  # a second reject file would not grow


def test_an_uncorrected_reject_file_is_rejected_again_for_the_same_reasons(make):
    lines = [A[:-1], f"+{A}", "8.9445E+18", f'"=""{A}"""', "９" * 19, "", f"{A},b\x1b"]
    content = "ICCID,Name\n" + "".join(line + ("\n" if line.endswith("\x1b") else ",x\n") for line in lines)
    first = make.codes(content)

    for path in rejected(make, content)[2:]:
        assert make.codes(path) == first


def test_several_problems_of_a_row_make_one_line(make):
    [row] = rejects_of(make.read(f"ICCID,Tags\n{A[:-1]},op:x\n"))

    assert isinstance(row, RejectRow)
    assert row.code == "length; tag_reserved"
    assert row.reason.count(".") == 2


def test_a_batch_name_cannot_leave_the_folder():
    assert file_stem("../../etc/passwd") == "_.._etc_passwd"
    assert file_stem("--help") == "help"
    assert file_stem("…") == "_"
    assert file_stem("") == "batch"


def test_the_account_in_a_files_name_is_told_from_every_batchs_name():
    assert file_stem("july", "travel eu") == "july@travel_eu"
    assert file_stem("july@travel") == "july_travel"


def test_a_report_that_fails_half_way_leaves_the_old_one(tmp_path, monkeypatch):
    old = write_reports(tmp_path, report())[0].read_bytes()

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_reports(tmp_path, report(mapping=[]))

    assert (tmp_path / "july-report.xlsx").read_bytes() == old
    assert not list(tmp_path.glob(".*"))


def test_an_error_while_rows_are_handed_over_leaves_nothing_behind(tmp_path, recwarn):
    def rows():
        yield RejectRow(1, (A,), "ICCID", A, "luhn", "Wrong.")
        raise LookupError("the store went away")

    with pytest.raises(LookupError):
        write_reports(tmp_path, report(rejects=rows()))
    with pytest.raises(ValueError):
        write_reports(tmp_path, report(mapping=[MAPPING[0], MAPPING[1]._replace(iccid=object())], rejects=()))
    gc.collect()

    assert list(tmp_path.glob("*")) == []
    assert not recwarn.list


def test_g13_files_and_their_folder_are_on_the_disk_before_they_are_named(tmp_path, monkeypatch):
    kinds = []
    sync = os.fsync

    def watch(descriptor):
        kinds.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    monkeypatch.setattr(durable.os, "fsync", watch)
    write_reports(tmp_path, report(rejects=[REJECT]))

    assert kinds == ["file", "folder"] * 4


def test_reports_are_readable_only_by_their_owner(tmp_path):
    assert all(path.stat().st_mode & 0o077 == 0 for path in write_reports(tmp_path, report()))


def test_any_table_can_be_written_as_a_workbook(tmp_path):
    rows = [{"iccid": A, "tags": ["x", "y"], "n": 5, "more": "left out"}, {"iccid": "=1", "n": None}]
    path = write_table(tmp_path / "list.xlsx", ("iccid", "tags", "n"), rows)

    assert [[value for value, _, _ in row] for row in cells(path, "Rows")] == [
        ["iccid", "tags", "n"],
        [A, "x,y", 5],
        ["=1", None, None],
    ]


def test_the_summary_charts_the_rows_of_the_file_by_reason(tmp_path):
    data = report(rejects=[REJECT])
    reasons = reasons_of(["length", "luhn; name_length", "length"])
    path, *_ = write_reports(tmp_path, replace(data, numbers={**NUMBERS, "duplicates": 1}, reasons=reasons))
    sheet = openpyxl.load_workbook(path)["Summary"]
    rows = [(row[0], row[1]) for row in sheet.iter_rows(max_col=2, values_only=True)]
    start = rows.index(("rows of the file", "count")) + 1

    assert rows[start:] == [("accepted", 1), ("duplicates", 1), ("rejected: length", 2), ("rejected: luhn", 1)]
    assert len(sheet._charts) == 2
    assert sheet._charts[1].series[0].val.numRef.f == f"'Summary'!$B${start + 1}:$B${start + 4}"


def test_a_report_without_a_file_has_one_chart(tmp_path):
    path, *_ = write_reports(tmp_path, report())

    assert len(openpyxl.load_workbook(path)["Summary"]._charts) == 1
