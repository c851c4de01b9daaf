"""What a report shows, read from the store. Needs no Prefect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.report import MappingRow, RejectRow, Rejects, ReportData, reasons_of
from domain.selection import AsAsked
from domain.summary import Summary, from_counts
from domain.words import plural
from tasks import resources


def report_data(
    change: int,
    summary: Summary,
    rejects: Rejects,
    *,
    account: str,
    title: str,
    stem: str,
    asked: AsAsked | None = None,
) -> ReportData:
    """What the report files of a run show."""
    return ReportData(
        title=title,
        batch=stem,
        account=account,
        run=summary.run,
        numbers=summary.numbers(),
        mapping=_mapping(change, asked),
        columns=rejects.columns,
        rejects=rejects.rows,
        reasons=reasons_of(row.code for row in rejects.rows),
        calls=resources.calls(change),
    )


def batch_report(batch: dict[str, Any]) -> list[Path]:
    """Write a batch's report files as things stand now."""
    counts, totals = resources.batch_counts(batch)
    summary = from_counts(counts, **totals, batch=batch["name"], run="")
    title = f"{batch['name']} · {plural(summary.rows, 'row')} · {batch['account']}"
    rejects = rejects_of_batch(batch["id"])
    data = report_data(batch["change_id"], summary, rejects, account=batch["account"], title=title, stem=batch["name"])
    return resources.write_reports(resources.reports_dir(), data)


def rejects_of_batch(batch: int, source: int = 0) -> Rejects:
    """The rejected rows of one file of a batch, or of all its files."""
    rows = resources.rejects(batch, source)
    return Rejects(tuple(rows[0]["columns"]) if rows else (), [_reject(row) for row in rows])


def _mapping(change: int, asked: AsAsked | None) -> Iterator[MappingRow]:
    for row in resources.mapping(change, asked):
        yield MappingRow(
            name=row["name"],
            iccid=row["iccid"],
            endpoint_id=row["endpoint_id"],
            state=row["state"],
            group=row["group"],
            tags=tuple(sorted(row["tags"].split(","))) if row["tags"] else (),
            outcome=row["outcome"],
            reason=row["text"] if row["outcome"] != "confirmed" else "",
        )


def _reject(row: dict[str, Any]) -> RejectRow:
    problems = row["problems"]
    first = problems[0] if problems else {"column": "", "value": "", "code": "", "reason": ""}
    return RejectRow(
        row_no=row["row_no"],
        original=tuple(row["original"]),
        column=first["column"],
        value=first["value"],
        code="; ".join(dict.fromkeys(problem["code"] for problem in problems)),
        reason=" ".join(dict.fromkeys(problem["reason"] for problem in problems)),
    )
