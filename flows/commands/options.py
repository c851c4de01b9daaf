"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


def _known_account(name: str | None) -> str | None:
    """Refuse an account that there is not, whatever the command: an empty answer would be an all-clear."""
    if name is not None:
        from tasks import resources

        resources.check_account(name)
    return name


Account = Annotated[
    str | None, typer.Option("--account", help="Account, as named in the settings.", callback=_known_account)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before applying.")]
File = Annotated[Path, typer.Argument(help="A file of ICCIDs: CSV, XLSX, a vendor's .out file, also zipped.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Tag; repeat for more. Default: the batch name.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="The most endpoints this run may change.")]
Supplier = Annotated[str | None, typer.Option("--supplier", help="Supplier, as named in the settings.")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")]


def one_of(words: type[StrEnum], said: str | None, option: str) -> None:
    """Refuse a word that an option does not know.

    Raises UsageError.
    """
    from domain.errors import UsageError

    if said is not None and said not in set(words):
        raise UsageError(f"{option} is one of {', '.join(words)}, not {said}.")
