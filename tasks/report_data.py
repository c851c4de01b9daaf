"""What a report shows, read from the store. Needs no Prefect."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from domain.report import MappingRow, RejectRow, ReportData, reasons_of
from domain.summary import Summary, from_counts
from tasks import resources


def report_data(
    change: int, summary: Summary, rejects: Sequence[dict[str, Any]], *, account: str, title: str, stem: str
) -> ReportData:
    """What the report files of a run show."""
    rejected = [_reject(row) for row in rejects]
    return ReportData(
        title=title,
        batch=stem,
        account=account,
        run=summary.run,
        numbers=summary.numbers(),
        mapping=_mapping(change),
        columns=tuple(rejects[0]["columns"]) if rejects else (),
        rejects=rejected,
        reasons=reasons_of(row.code for row in rejected),
        calls=resources.calls(change),
    )


def batch_report(batch: dict[str, Any]) -> list[Path]:
    """Write a batch's report files as things stand now."""
    counts, totals = resources.batch_counts(batch)
    summary = from_counts(counts, **totals, batch=batch["name"], run="")
    title = f"{batch['name']} · {summary.rows:,} rows · {batch['account']}"
    rejects = resources.rejects(batch["id"])
    data = report_data(batch["change_id"], summary, rejects, account=batch["account"], title=title, stem=batch["name"])
    return resources.write_reports(resources.reports_dir(), data)


def _mapping(change: int) -> Iterator[MappingRow]:
    for row in resources.mapping(change):
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
