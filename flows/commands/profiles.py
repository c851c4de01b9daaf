"""profile check."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from flows.commands.options import Account, File, Json, Sheet, Supplier

if TYPE_CHECKING:
    from domain.manifest import Manifest

app = typer.Typer(help="How the files of a supplier are read.", no_args_is_help=True)


@app.callback()
def profile() -> None:
    """How the files of a supplier are read."""


@app.command()
def check(
    file: File, account: Account = None, supplier: Supplier = None, sheet: Sheet = None, as_json: Json = False
) -> None:
    """Show what a supplier's profile makes of a file. Changes nothing."""
    from domain.problems import shown_masked
    from domain.report import reasons_of
    from tasks import resources

    _, options = resources.account(account)
    found = resources.check_file(str(file), options, sheet=sheet, supplier=supplier)
    reasons, lengths = reasons_of(row.problems[0].code for row in found.manifest.rejected), lengths_of(found.manifest)
    columns = [(shown_masked(name), use) for name, use in found.columns]
    if as_json:
        print(
            json.dumps(
                {
                    "kind": found.kind,
                    "header_row": found.header_row,
                    "columns": dict(columns),
                    **found.manifest.numbers(),
                    "lengths": lengths,
                    "reasons": reasons,
                    "notes": found.manifest.notes,
                }
            )
        )
    else:
        _print(found, columns, lengths, reasons)
    if reasons:
        raise typer.Exit(3)


def _print(found: Any, columns: list[tuple[str, str]], lengths: dict[int, int], reasons: dict[str, int]) -> None:
    print(f"{found.manifest.source_name} is {found.kind}; the header is row {found.header_row}.")
    for name, use in columns:
        print(f"  column {name!r}: {use}")
    print(", ".join(f"{count:,} {word}" for word, count in found.manifest.numbers().items()))
    for length, count in lengths.items():
        print(f"  {count:,} accepted ICCIDs with {length} digits")
    for code, count in reasons.items():
        print(f"  {count:,} rows rejected: {code}")
    for note in found.manifest.notes:
        print(f"  {note}")


def lengths_of(manifest: "Manifest") -> dict[int, int]:
    """How many accepted ICCIDs have each number of digits."""
    return dict(sorted(Counter(len(row.iccid or "") for row in manifest.accepted).items()))
