"""The first sheet of a report: what ran, its numbers, and a chart of what became of the rows."""

from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.properties import PageSetupProperties

from adapters.files.sheets_out import text_cell
from domain.report import ReportData

FIRST_NUMBER = 6  # the row of the first number
NOT_IN_CHART = frozenset({"calls", "seconds"})  # on another scale than rows


def add_summary(book: Workbook, report: ReportData) -> None:
    """Add the summary sheet."""
    sheet: Any = book.create_sheet("Summary")
    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = 28
    sheet.append([text_cell(sheet, report.title, bold=True)])
    for label, value in (("batch", report.batch), ("account", report.account), ("run", report.run)):
        sheet.append([text_cell(sheet, label), text_cell(sheet, value)])
    sheet.append([text_cell(sheet, "number", bold=True), text_cell(sheet, "value", bold=True)])
    shown = sorted(report.numbers.items(), key=lambda item: item[0] in NOT_IN_CHART)  # stable: the order stays
    for label, number in shown:
        sheet.append([text_cell(sheet, label), number])
    charted = sum(1 for label, _ in shown if label not in NOT_IN_CHART)
    if charted:
        sheet.add_chart(_chart(sheet, charted), "D2")


def _chart(sheet: Any, count: int) -> BarChart:
    chart = BarChart()
    chart.type = "bar"
    chart.title = "Rows by outcome"
    chart.legend = None
    last = FIRST_NUMBER + count - 1
    chart.add_data(Reference(sheet, min_col=2, min_row=FIRST_NUMBER, max_row=last), titles_from_data=False)
    chart.set_categories(Reference(sheet, min_col=1, min_row=FIRST_NUMBER, max_row=last))
    chart.x_axis.scaling.orientation = "maxMin"  # the first number on top, as in the table
    chart.x_axis.delete = False
    chart.y_axis.delete = False
    chart.height, chart.width = 10, 18
    return chart
