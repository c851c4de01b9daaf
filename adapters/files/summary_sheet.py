"""The first sheet of a report: what ran, its numbers, and a chart of what became of the rows."""

from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.worksheet.properties import PageSetupProperties

from adapters.files.sheets_out import text_cell
from domain.report import ReportData

FIRST_NUMBER = 6  # the row of the first number
# On another scale than rows, or counted among the others.
NOT_IN_CHART = frozenset({"calls", "seconds", "other_names", "asked", "available"})


def add_summary(book: Workbook, report: ReportData) -> None:
    """Add the summary sheet."""
    sheet: Any = book.create_sheet("Summary")
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 28
    sheet.append([text_cell(sheet, report.title, bold=True)])
    for label, value in (("batch", report.batch), ("account", report.account), ("run", report.run)):
        sheet.append([text_cell(sheet, label), text_cell(sheet, value)])
    sheet.append([text_cell(sheet, "number", bold=True), text_cell(sheet, "value", bold=True)])
    shown = sorted(report.numbers.items(), key=lambda item: item[0] in NOT_IN_CHART)  # stable: the order stays
    for label, number in shown:
        sheet.append([text_cell(sheet, label), number])
    written = [(f"written: {kind}", number) for kind, number in report.writes.items()]
    for label, number in written:
        sheet.append([text_cell(sheet, label), number])
    charted = sum(1 for label, _ in shown if label not in NOT_IN_CHART)
    if charted:
        sheet.add_chart(_chart(sheet, "What became of the endpoints", FIRST_NUMBER, charted), "D2")
    of_file = _rows_of_the_file(report)
    if len(of_file) > 1:
        sheet.append([])
        sheet.append([text_cell(sheet, "rows of the file", bold=True), text_cell(sheet, "count", bold=True)])
        for label, number in of_file.items():
            sheet.append([text_cell(sheet, label), number])
        first = FIRST_NUMBER + len(shown) + len(written) + 2
        sheet.add_chart(_chart(sheet, "Rows of the file: accepted, repeated, rejected", first, len(of_file)), "D24")


def _rows_of_the_file(report: ReportData) -> dict[str, int]:
    """Accepted rows, duplicates, and rejected rows by reason."""
    kinds = {kind: int(report.numbers[kind]) for kind in ("accepted", "duplicates") if report.numbers.get(kind)}
    return kinds | {f"rejected: {code}": count for code, count in report.reasons.items()}


def _chart(sheet: Any, title: str, first: int, count: int) -> BarChart:
    chart = BarChart()
    chart.type = "bar"
    chart.title = title
    chart.legend = None
    last = first + count - 1
    chart.add_data(Reference(sheet, min_col=2, min_row=first, max_row=last), titles_from_data=False)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=last))
    chart.gapWidth = 40
    # What is left out here, a program may show as it likes.
    off = {"showSerName": False, "showCatName": False, "showLegendKey": False, "showPercent": False}
    chart.dataLabels = DataLabelList(showVal=True, **off)
    chart.y_axis.majorGridlines = None
    chart.x_axis.scaling.orientation = "maxMin"  # the first number on top, as in the table
    chart.x_axis.delete = False
    chart.y_axis.delete = False
    chart.height, chart.width = max(5.0, 2.5 + 0.7 * count), 20
    return chart
