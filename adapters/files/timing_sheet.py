"""The sheet on the platform's speed: how long its answers took, and how many came in each minute."""

from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference

from adapters.files.sheets_out import text_cell
from domain.report import CallRow

HEADER = ("call", "answers", "median s", "95 % within s", "slowest s")


def add_timing(book: Workbook, calls: Sequence[CallRow]) -> None:
    """Add the sheet, if there were any answers."""
    if not calls:
        return
    import pandas  # noqa: PLC0415 - takes half a second and is needed by runs that made calls only

    frame = pandas.DataFrame(calls, columns=list(CallRow._fields))
    sheet: Any = book.create_sheet("Answers")
    sheet.column_dimensions["A"].width = 20
    sheet.append([text_cell(sheet, name, bold=True) for name in HEADER])
    for kind, seconds in frame.groupby("kind", sort=True)["seconds"]:
        figures = (seconds.median(), seconds.quantile(0.95), seconds.max())
        sheet.append([text_cell(sheet, str(kind)), len(seconds), *(round(float(figure), 3) for figure in figures)])
    minutes = pandas.to_datetime(frame["at"], unit="s", utc=True).dt.floor("min")
    table = frame.groupby([minutes, "kind"]).size().unstack(fill_value=0)
    _add_minutes(sheet, table)


def _add_minutes(sheet: Any, table: Any) -> None:
    sheet.append([])
    first = sheet._current_row + 1
    names = [str(name) for name in table.columns]
    sheet.append([text_cell(sheet, name, bold=True) for name in ("minute (UTC)", *names)])
    for minute, *counts in table.itertuples():
        sheet.append([text_cell(sheet, minute.strftime("%Y-%m-%d %H:%M")), *(int(count) for count in counts)])
    chart = LineChart()
    chart.title = "Answers a minute"
    chart.height, chart.width = 9, 20
    last = first + len(table)
    chart.add_data(
        Reference(sheet, min_col=2, max_col=1 + len(names), min_row=first, max_row=last), titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    chart.x_axis.delete = False
    chart.y_axis.delete = False
    sheet.add_chart(chart, f"{chr(ord('C') + len(names))}{first}")
