"""What a report shows, read from the store. Needs no Prefect."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.labels import Naming
from domain.operation import State
from domain.options import Account
from domain.plan import keeps_name
from domain.report import MappingRow, RejectRow, Rejects, ReportData, reasons_of
from domain.selection import AsAsked
from domain.summary import Summary, from_counts
from domain.words import plural
from tasks import resources
from tasks.batch import Batch


def report_data(
    change: int,
    summary: Summary,
    rejects: Rejects,
    mapping: Iterable[MappingRow],
    *,
    account: str,
    title: str,
    stem: str,
) -> ReportData:
    """What the report files of a run show."""
    return ReportData(
        title=title,
        batch=stem,
        account=account,
        run=summary.run,
        numbers=summary.numbers(),
        writes=summary.writes,
        mapping=mapping,
        columns=rejects.columns,
        rejects=rejects.rows,
        joins=rejects.joins,
        reasons=reasons_of(row.code for row in rejects.rows),
        calls=resources.calls(change),
        has_others=resources.has_other_accounts(account),
    )


def batch_report(batch: dict[str, Any]) -> list[Path]:
    """Write a batch's report files as things stand now."""
    of_batch, summary = as_it_stands(batch)
    title = f"{batch['name']} · {plural(summary.rows, 'row')} · {batch['account']}"
    _, options = resources.plain_account(batch["account"])
    mapping = mapping_of_batch(of_batch, options)
    names = {"account": batch["account"], "title": title, "stem": batch["name"]}
    data = report_data(batch["change_id"], summary, rejects_of_batch(of_batch), mapping, **names)
    return resources.write_reports(resources.reports_dir(), data)


def as_it_stands(batch: dict[str, Any], run: str = "") -> tuple[Batch, Summary]:
    """A batch with all its files, and its numbers as things stand now."""
    counts, totals = resources.batch_counts(batch)
    summary = from_counts(counts, **totals, batch=batch["name"], run=run)
    return Batch(batch["id"], batch["name"], batch["change_id"], summary.rows), summary


def rejects_of_batch(batch: Batch) -> Rejects:
    """The rejected rows of one file of a batch, or of all its files. Corrected, they join the batch."""
    rows = resources.rejects(batch.id, batch.source)
    return Rejects(tuple(rows[0]["columns"]) if rows else (), [_reject(row) for row in rows], batch.name)


def mapping_of_change(change: int, asked: AsAsked | None) -> Iterator[MappingRow]:
    """Every endpoint of a change."""
    return (_mapping_row(row, _failure(row)) for row in resources.mapping(change, asked))


def mapping_of_batch(batch: Batch, options: Account) -> Iterator[MappingRow]:
    """Every accepted row of one file of a batch, or of all its files, also those whose endpoint was there before."""
    naming = batch.naming(options)
    for row in resources.mapping_of_rows(batch.id, batch.change, batch.source):
        conflict = batch.conflicts.get(row["iccid"], "")
        outcome = State.REFUSED.value if conflict else row["outcome"] or "raw"
        reason = reason_of_row(row, naming, conflict)
        yield _mapping_row({**row, "outcome": outcome}, reason, _asked_name(row, naming))


def reason_of_row(row: Mapping[str, Any], naming: Naming, conflict: str = "") -> str:
    """What a person should know of a row: why it failed, which batch brought its endpoint, which name it keeps."""
    asked, brought_by = _asked_name(row, naming), row.get("brought_by")
    parts = [conflict or _failure(row), f"in batch {brought_by}" if brought_by else ""]
    return "; ".join(filter(None, [*parts, keeps_name(row["name"], asked) if asked else ""]))


def _asked_name(row: Mapping[str, Any], naming: Naming) -> str:
    """The name that a row of a file gives, where its endpoint keeps another; empty if there is none."""
    asked = str(row.get("asked") or row["name"])
    return asked if asked != row["name"] and naming.is_wish(row["row_no"], row["iccid"], asked) else ""


def _failure(row: Mapping[str, Any]) -> str:
    return str(row["text"] or "") if row["outcome"] != "confirmed" else ""


def _mapping_row(row: Mapping[str, Any], reason: str, asked: str = "") -> MappingRow:
    return MappingRow(
        name=row["name"],
        iccid=row["iccid"],
        endpoint_id=row["endpoint_id"],
        state=row["state"],
        group=row["group"],
        tags=tuple(sorted(row["tags"].split(","))) if row["tags"] else (),
        outcome=row["outcome"],
        reason=reason,
        asked_name=asked,
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
