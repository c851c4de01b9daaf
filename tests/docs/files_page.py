"""Writes the catalogue of docs/files.md from the table that the golden tests run: `python -m tests.docs.files_page`."""

import json

from tests.docs.pages import DOCS
from tests.support.case import Case
from tests.support.catalogue import cases

PAGE = DOCS / "files.md"
BEGIN = "<!-- from here on made by `python -m tests.docs.files_page` -->\n"
END = "<!-- up to here -->\n"


def catalogue() -> str:
    """The table as the page shows it."""
    lines = ["", "| case | file | outcome |", "| --- | --- | --- |"]
    lines += [f"| {case.id} | {_what(case)} | {case.told()} |" for case in cases()]
    return "\n".join([*lines, "", ""])


def _what(case: Case) -> str:
    what = case.what.replace("|", "\\|")
    settings = ", ".join(f"`{name} = {json.dumps(value)}`" for name, value in case.settings.items())
    return f"{what}, with {settings}" if settings else what


def page_with_catalogue(text: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, "the page has lost its marks"
    return f"{before}{BEGIN}{catalogue()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_catalogue(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
