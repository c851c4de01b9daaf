"""Every rule stands once, with a file that exists and a test that exists, or with a sentence on why not."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, spans, text_of

PAGE = DOCS / "rules.md"
SEEDS = {
    "S0": "000_c305da06f1b55772.txt",
    "S1": "001_7a84ade5fb793e66.txt",
    "S2": "002_d2e891f7add7f2d7.txt",
    "S3": "003_bd238f6d132cb73a.txt",
}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in text_of(PAGE).splitlines()
    if line.startswith("| R-")
]


@cache
def functions(path: Path) -> set[str]:
    """The functions of a test file."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_all_116_rules_stand_once_and_in_order():
    assert [row[0] for row in ROWS] == [f"R-{number:03d}" for number in range(1, 117)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_rule_names_files_and_tests_that_exist_or_says_why_it_is_out_of_reach(row):
    _, says, enforced, shown, source = row
    files, tests = spans(enforced), spans(shown)

    assert says
    assert set(source.split(", ")) <= set(SEEDS)
    if not files:
        assert enforced == "–"
        assert not tests
        assert re.fullmatch(r"[A-Z].{20,}\.", shown), "one sentence on why"
        return
    assert tests
    assert [file for file in files if not (ROOT / file).is_file()] == []
    for test in tests:
        path, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in functions(ROOT / "tests" / path), test


def test_the_sources_are_named_by_their_files():
    head = text_of(PAGE).partition("\n## ")[0]

    assert [name for name in SEEDS.values() if name not in head] == []


def test_few_rules_are_out_of_reach():
    assert sum(row[2] == "–" for row in ROWS) <= 3
