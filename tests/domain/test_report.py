"""What a list names in vain stands in its report, so that it can be corrected and handed in again."""

from domain.manifest import Manifest, ManifestRow, Outcome, Rows
from domain.problems import Problem
from domain.report import Rejects, rejects_of_list
from domain.selection import LeftOut
from tests.support.works import iccid

BAD = ManifestRow(
    3, Outcome.REJECTED, problems=(Problem("SIM number", "12", "length", "Too short."),), original=("b", "12")
)
ROWS = Rows([ManifestRow(2, Outcome.ACCEPTED, iccid(1)), BAD, ManifestRow(4, Outcome.ACCEPTED, iccid(2))])
LISTED = Manifest("list.csv", "d", ("device", "SIM number"), ROWS)


def test_bad_rows_and_sims_that_the_change_cannot_take_stand_in_the_order_and_columns_of_the_file():
    found = rejects_of_list(LISTED, [LeftOut(iccid(2), "busy", "why"), LeftOut(iccid(1), "not_in_store", "not there")])

    assert found.columns == ("device", "SIM number")
    assert [(row.row_no, row.original, row.column, row.value, row.code, row.reason) for row in found.rows] == [
        (2, ("", iccid(1)), "SIM number", iccid(1), "not_in_store", "not there"),
        (3, ("b", "12"), "SIM number", "12", "length", "Too short."),
        (4, ("", iccid(2)), "SIM number", iccid(2), "busy", "why"),
    ]


def test_without_a_list_nothing_is_rejected():
    assert rejects_of_list(None, [LeftOut(iccid(1), "busy", "why")]) == Rejects()
