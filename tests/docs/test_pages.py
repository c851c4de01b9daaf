"""Links lead somewhere, nothing names this machine, and what the guarantees name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, links, pages, section, spans, table, text_of

GUARANTEES, SECURITY = DOCS / "guarantees.md", DOCS / "security.md"
POINTS = {*range(7, 15), *range(16, 28)}
COMMITTED = [*pages(), ROOT / "preactive.example.toml", ROOT / "prefect.yaml", DOCS / "images" / "make.py"]
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home|farm)/|/(?:shared)/|\.\./shared")


def anchors(page: Path) -> set[str]:
    """What a link behind # may name, as GitHub makes it of headings."""
    heads = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_between_pages_leads_to_a_file_and_a_heading(page):
    for link in links(page):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.is_file(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", COMMITTED, ids=lambda page: page.name)
def test_no_page_names_a_path_of_one_machine(page):
    assert MACHINE.findall(text_of(page)) == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_no_registry(name):
    text = text_of(ROOT / name)

    assert "://" not in text
    assert "index-url" not in text
    assert "--hash=sha256:" in text


def test_every_dependency_has_its_reason():
    text = section(DOCS / "decisions.md", "2026-11-20 · What the program depends on")
    explained = [row[0].strip("`") for row in table(text, "dependency")]
    explained += [row[0].strip("`") for row in table(text.partition("requirements-dev.in")[2], "dependency")]
    lines = [*text_of(ROOT / "requirements.in").splitlines(), *text_of(ROOT / "requirements-dev.in").splitlines()]
    needed = [match[0] for line in lines if (match := re.match(r"[A-Za-z][\w-]*", line))]

    assert sorted(explained) == sorted(needed)


def test_pictures_are_there_and_small():
    shown = [page.parent / link for page in pages() for link in links(page) if link.endswith(".png")]

    assert shown
    assert all(picture.stat().st_size < 200_000 for picture in shown)


# --- guarantees ---


def named_tests() -> list[str]:
    """Every `file::name` of the pages that name tests."""
    return sorted({span for page in (GUARANTEES, SECURITY) for span in spans(text_of(page)) if "::" in span})


@cache
def functions(path: Path) -> set[str]:
    """The functions of a test file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("named", [name for name in named_tests() if name != "file::name"])
def test_every_test_that_a_page_names_exists(named):
    path, _, name = named.partition("::")

    assert name in functions(ROOT / "tests" / path)


def test_every_file_that_a_guarantee_names_exists():
    files = [span for span in spans(text_of(GUARANTEES)) if re.fullmatch(r"[\w/]+/[\w/]+\.py", span)]

    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_every_guarantee_has_a_test():
    proven = section(GUARANTEES, "Proven by a test")
    promises = re.split(r"^### ", proven, flags=re.MULTILINE)[1:]

    assert [promise.splitlines()[0] for promise in promises if "::test_" not in promise] == []


@cache
def long_ones(path: Path) -> set[str]:
    """The functions of a test file that `make test` leaves out."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "decorator_list")]
    return {node.name for node in nodes if "pytest.mark.long" in map(ast.unparse, node.decorator_list)}


def test_every_guarantee_has_a_test_that_make_test_runs():
    promises = re.split(r"^### ", section(GUARANTEES, "Proven by a test"), flags=re.MULTILINE)[1:]

    def is_run(named: str) -> bool:
        path, _, name = named.partition("::")
        return not path.startswith(("chaos/", "ui/")) and name not in long_ones(ROOT / "tests" / path)

    run = {promise.splitlines()[0]: [s for s in spans(promise) if "::test_" in s and is_run(s)] for promise in promises}
    assert run
    assert [title for title, tests in run.items() if not tests] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    ours = re.compile(r"(?:adapters|domain|flows|tasks|tests|docs|data)/[\w./-]*")
    paths = {span for span in spans(text_of(page)) if ours.fullmatch(span)}
    missing = [path for path in paths if not (ROOT / path).exists()]

    assert [path for path in missing if not path.startswith(("data/var", "data/reports"))] == []


# --- security ---


def points() -> list[tuple[int, str]]:
    """The points of the checklist, each with the cell that names its tests or says why there is none."""
    tables = (table(section(SECURITY, heading), "point") for heading in ("Secrets", "Server", "Calls to a platform"))
    return [(int(row[0].partition(":")[0]), row[2]) for rows in tables for row in rows]


def test_every_point_of_the_security_checklist_has_one_row():
    assert [number for number, _ in points()] == sorted(POINTS)


@pytest.mark.parametrize(("number", "cell"), points())
def test_a_point_names_its_tests_or_says_in_one_sentence_why_there_is_none(number, cell):
    said = [span for span in spans(cell) if "::" in span]

    assert said or re.fullmatch(r"No test[^:]*: [^.]+\.", cell), number
