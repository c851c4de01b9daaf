"""Writes the report files and puts the summary where operators see it."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from domain.chart import COLOURS, bars, data_url
from domain.iccid import mask_iccid, mask_numbers
from domain.problems import shown_masked
from domain.report import MappingRow, Rejects, ReportData
from domain.selection import AsAsked
from domain.summary import Summary
from domain.unfinished import OwedReport
from tasks import resources
from tasks.batch import Batch
from tasks.report_data import as_it_stands, mapping_of_batch, mapping_of_change, rejects_of_batch, report_data
from tasks.steps import API_TROUBLE, step

_SHOWN = 200


@step("report", "write the report of {title}")
async def write_report(
    account: str,
    change: int,
    summary: Summary,
    title: str,
    stem: str,
    batch: Batch | None = None,
    *,
    rejects: Rejects | None = None,
    asked: AsAsked | None = None,
) -> list[str]:
    """Write workbook and CSV files, and the artifacts of the run."""
    folder = resources.reports_dir()
    rejects = rejects or (rejects_of_batch(batch) if batch else Rejects())

    def mapping() -> Iterator[MappingRow]:
        if batch is None:
            return mapping_of_change(change, asked)
        return mapping_of_batch(batch, resources.plain_account(account)[1])

    data = report_data(change, summary, rejects, mapping(), account=account, title=title, stem=stem)
    paths = resources.write_reports(folder, data)
    resources.report_is_written(change)
    with suppress(*API_TROUBLE):  # the files are what counts; the UI may be away
        await _artifacts(summary, data, paths, mapping())
    return [str(path) for path in paths]


async def write_owed_reports(owed: Iterable[OwedReport], *, without: Collection[int], run: str) -> list[str]:
    """Write the reports of processes that ended before they came to that, but for some changes."""
    paths = []
    for one in owed:
        if one.change not in without and resources.owe_report(one):
            paths += await _write_owed(one, run)
    return paths


async def _write_owed(owed: OwedReport, run: str) -> list[str]:
    batch = resources.batch_of_change(owed.account, owed.change)
    if batch is None:
        summary = resources.summarise_as_it_stands(owed.change, label=owed.title, run=run)
        return await write_report(owed.account, owed.change, summary, owed.title, f"resumed-{owed.change}")
    of_batch, summary = as_it_stands(batch, run)
    return await write_report(owed.account, owed.change, summary, owed.title, of_batch.name, of_batch)


async def _artifacts(summary: Summary, data: ReportData, paths: list[Path], mapping: Iterable[MappingRow]) -> None:
    await acreate_markdown_artifact(_markdown(summary, data.title, paths), description=summary.sentence())
    problems = _problem_rows(data, mapping)
    if problems:
        await acreate_table_artifact(
            problems, description=f"Rejects and failures, at most {_SHOWN}; all are in the report"
        )
    link = resources.report_link(paths[0]) or paths[0].absolute().as_uri()
    await acreate_link_artifact(link, link_text=paths[0].name, description="Report workbook")


def _problem_rows(data: ReportData, mapping: Iterable[MappingRow]) -> list[dict[str, Any]]:
    rejects = [
        _problem_row(reject.row_no, reject.column, shown_masked(reject.value), "rejected", mask_numbers(reject.reason))
        for reject in list(data.rejects)[:_SHOWN]
    ]
    failures = (
        _problem_row("", "ICCID", mask_iccid(row.iccid), row.outcome, mask_numbers(row.reason))
        for row in mapping
        if row.outcome != "confirmed" or row.asked_name
    )
    return rejects + list(islice(failures, _SHOWN - len(rejects)))


def _problem_row(row: int | str, column: str, value: str, outcome: str, reason: str) -> dict[str, Any]:
    return {"row": row, "column": column, "value": value, "outcome": outcome, "reason": reason}


def _markdown(summary: Summary, title: str, paths: list[Path]) -> str:
    numbers = {name: value for name, value in summary.numbers().items() if name not in ("calls", "seconds")}
    outcomes = [(name, int(numbers[name])) for name in COLOURS if numbers[name]]
    lines = [f"# {title}", "", summary.sentence(), ""]
    lines += [f"![{summary.sentence()}]({data_url(bars(outcomes))})", ""] if outcomes else []
    lines += ["| | endpoints |", "| --- | ---: |"]
    lines += [f"| {name.replace('_', ' ')} | {value:,} |" for name, value in numbers.items()]
    lines += ["", f"{summary.calls:,} calls in {summary.seconds:,.1f} s", "", "Reports:", ""]
    return "\n".join(lines + [f"- {_listed(path)}" for path in paths])


def _listed(path: Path) -> str:
    link = resources.report_link(path)
    return f"[{path.name}]({link})" if link else f"`{path}`"
