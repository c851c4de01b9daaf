"""The project's documents, taken apart: tables, code, links and the commands in them."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@cache
def pages() -> tuple[Path, ...]:
    """Every page that a reader may open."""
    return (README, ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))


@cache
def text_of(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def section(page: Path, heading: str) -> str:
    """What stands under a heading, with what is below it, up to the next heading of the same or a higher rank."""
    lines = text_of(page).splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip("#").strip() == heading and line.startswith("#"))
    rank = len(lines[start]) - len(lines[start].lstrip("#"))
    stop = (i for i, line in enumerate(lines) if i > start and re.match(rf"#{{1,{rank}}} ", line))
    return "\n".join(lines[start + 1 : next(stop, len(lines))])


def table(text: str, first_column: str) -> list[list[str]]:
    """The rows of the table whose first heading is this, without the headings."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {first_column} |"):
            next(lines)
            return [_cells(row) for row in _until_blank(lines)]
    raise AssertionError(f"there is no table that begins with {first_column!r}")


def _until_blank(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def blocks(text: str, language: str = "") -> list[str]:
    """Code blocks, all or those in one language."""
    return [body for name, body in _BLOCK.findall(text) if not language or name == language]


def spans(text: str) -> list[str]:
    """Pieces of code within sentences."""
    return _SPAN.findall(_BLOCK.sub("", text))


def links(page: Path) -> list[str]:
    """Where a page points to."""
    return _LINK.findall(_BLOCK.sub("", text_of(page)))


def commands(text: str, program: str) -> Iterator[list[str]]:
    """What is said of a program, in code blocks after a `$` and in spans: its words without the program's name."""
    lines = [line[2:] for block in blocks(text) for line in block.splitlines() if line.startswith("$ ")]
    for line in [*lines, *spans(text)]:
        said = re.search(rf"(?:^|[;&|] *|\w+=\S+ ){re.escape(program)}((?: [^;&|>#]*)?)", line)
        if said:
            yield said.group(1).split()
