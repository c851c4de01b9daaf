"""A rejects file that was corrected joins its own batch with its tags, however it is handed in."""

import csv
import shutil
from pathlib import Path

import openpyxl
import pytest

from domain.errors import FileRefused
from domain.lifecycle import Kind
from domain.requests import ProvisionRequest
from tasks import resources
from tasks.planning import plan_file
from tasks.report_data import mapping_of_batch, rejects_of_batch, report_data
from tests.support.planned_runs import NAME, Compared, planned_runs


@pytest.fixture
async def runs(quick_path, prepared_file):
    """An account on a simulator."""
    shutil.copy(prepared_file, quick_path / "store.db")
    async with planned_runs(quick_path, "sft") as made:
        yield made


def reports_of(ran: Compared) -> list[Path]:
    """The report files of a provision."""
    batch = ran.batch
    names = {"account": NAME, "title": "", "stem": batch.name}
    mapping = mapping_of_batch(batch, resources.account(NAME)[1])
    data = report_data(batch.change, ran.summary, rejects_of_batch(batch), mapping, **names)
    return resources.write_reports(resources.reports_dir(), data)


def corrected_csv(path: Path, old: str, new: str) -> None:
    """Correct one cell, as a person does in an editor."""
    path.write_text(path.read_text(encoding="utf-8-sig").replace(old, new, 1), encoding="utf-8-sig")


def corrected_book(path: Path, old: str, new: str) -> None:
    """Correct one cell, as a person does in a spreadsheet."""
    book = openpyxl.load_workbook(path)
    for cell in book["Rejects"]["A"]:
        cell.value = new if cell.value == old else cell.value
    book.save(path)


def tags_of(iccid: str) -> list[str]:
    return next(resources.endpoints({"iccid": iccid}))["tags"]


@pytest.mark.parametrize(("nth", "correct"), [(2, corrected_csv), (3, corrected_book)], ids=["csv", "workbook"])
async def test_a_corrected_file_joins_its_batch_and_touches_its_own_rows_only(runs, nth, correct):
    good = runs.iccids[:4]
    cut = good[3][:-1]
    first = await runs.provision(runs.file([*good[:3], cut], name="zz", head="iccid"), tags=["summer"])
    assert first.summary.rejected == 1
    path = reports_of(first)[nth]
    correct(path, cut, good[3])
    handed_in = path.read_bytes()

    second = await runs.provision(str(path))
    later = reports_of(second)

    assert (second.batch.name, second.plan.note) == ("zz", "the rows join batch zz")
    assert (second.summary.rows, second.summary.confirmed, second.plan.rejected) == (1, 1, 0)
    assert second.planned == second.done == {Kind.CREATE: 1, Kind.TAG: 1}
    assert {tuple(tags_of(iccid)) for iccid in good} == {("summer",)}
    assert [row["name"] for row in resources.batches(NAME)] == ["zz"]
    assert path.read_bytes() == handed_in
    assert not {path} & set(later)
    assert [row[1] for row in csv.reader(later[1].read_text(encoding="utf-8-sig").splitlines())] == ["iccid", good[3]]


async def test_a_batch_that_a_person_names_comes_before_the_one_in_the_file(runs):
    rows = [f"{runs.iccids[0]},gone"]
    file = runs.file(rows, head="iccid,reject_batch")

    assert (await runs.provision(file, batch="mine")).batch.name == "mine"


async def test_rejects_of_a_batch_that_there_is_not_are_refused_and_nothing_is_stored(runs):
    file = runs.file([f"{runs.iccids[0]},gone"], head="iccid,reject_batch")

    with pytest.raises(FileRefused, match="batch 'gone', which account t does not have"):
        plan_file(ProvisionRequest(file=file, account=NAME))
    with pytest.raises(FileRefused, match="--batch") as refused:
        await runs.provision(file)
    assert refused.value.code == "batches"
    assert resources.batches(NAME) == []


async def test_rejects_of_two_batches_in_one_file_are_refused(runs):
    rows = [f"{iccid},{name}" for iccid, name in zip(runs.iccids, "ab", strict=False)]
    file = runs.file(rows, head="iccid,reject_batch")

    with pytest.raises(FileRefused, match="rejects of 2 batches \\('a', 'b'\\)"):
        plan_file(ProvisionRequest(file=file, account=NAME))


async def test_a_row_that_a_person_emptied_is_still_a_row(runs):
    """Only the line at the end, which has no number of a row, is none."""
    await runs.provision(runs.file([runs.iccids[0]], name="zz", head="iccid"))
    rows = [f"{runs.iccids[1]},,3,zz", ",kept,4,zz", ",,5,zz", ",,,zz"]
    manifest, _ = plan_file(
        ProvisionRequest(file=runs.file(rows, head="iccid,note,reject_row,reject_batch"), account=NAME)
    )

    assert (manifest.batch, manifest.numbers()["rows"], manifest.numbers()["rejected"]) == ("zz", 3, 2)
