"""Prints rows: aligned for people, or as JSON, one object a line."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from domain.manifest import Manifest

SHOWN = 20  # of a list that may be long

# Terminals act on these; foreign text must not reach them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def show(rows: Iterable[dict[str, Any]], columns: Sequence[str], *, as_json: bool, nothing: str) -> None:
    """Print rows, or one sentence when there are none."""
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    lines = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not lines:
        print(nothing, file=sys.stderr)
        return
    heads = [column.replace("_", " ") for column in columns]
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(columns))]
    for line in [heads, *lines]:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in value.items())
    return _CONTROL.sub("?", str(value))


def show_rejects(manifest: "Manifest") -> None:
    """Print the first rejected rows of a file, each with all that is wrong with it."""
    rejected = list(manifest.rejected)
    for row in rejected[:SHOWN]:
        for problem in row.problems:
            print(f"  row {row.row_no}, {problem.column}, {problem.value!r}: {problem.reason}")
    if len(rejected) > SHOWN:
        print(f"  … and {len(rejected) - SHOWN:,} more; `preactive plan --json` lists all")


def when(seconds: float | None) -> str | None:
    """A time of the store as text, UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
