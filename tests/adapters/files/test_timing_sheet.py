"""The sheet on the platform's speed."""

import openpyxl

from adapters.files.report import write_reports
from domain.report import CallRow, ReportData

MINUTE = 1_700_000_040.0


def answers(tmp_path, calls):
    report = ReportData("t", "july", "demo", "run", {"rows": 1}, [], (), [], calls)
    return openpyxl.load_workbook(write_reports(tmp_path, report)[0])


def test_each_kind_of_call_has_its_number_and_times(tmp_path):
    calls = [CallRow("create", MINUTE, second) for second in (1.0, 2.0, 9.0)] + [CallRow("tag", MINUTE, 0.5)]
    rows = list(answers(tmp_path, calls)["Answers"].iter_rows(values_only=True))

    assert rows[1][:3] == ("create", 3, 2)
    assert rows[1][4] == 9
    assert rows[2] == ("tag", 1, 0.5, 0.5, 0.5)


def test_answers_are_counted_by_minute_and_drawn(tmp_path):
    calls = [CallRow("create", MINUTE, 1.0), CallRow("create", MINUTE + 59, 1.0), CallRow("tag", MINUTE + 60, 1.0)]
    sheet = answers(tmp_path, calls)["Answers"]
    rows = [row for row in sheet.iter_rows(values_only=True) if str(row[0]).startswith("2023-")]

    assert [row[1:3] for row in rows] == [(2, 0), (0, 1)]
    assert len(sheet._charts) == 1


def test_a_run_without_calls_has_no_such_sheet(tmp_path):
    assert "Answers" not in answers(tmp_path, []).sheetnames
