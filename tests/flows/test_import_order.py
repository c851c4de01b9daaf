"""Prefect reads where its API is when it is imported, so no command imports it before that is known.

One that did would start a server of Prefect's own, beside the one that `make up` runs, and print what that one logs.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

# These two run once it is settled.
AFTERWARDS = ("display.py", "running.py")
COMMANDS = sorted(file for file in (ROOT / "flows" / "commands").glob("*.py") if file.name not in AFTERWARDS)
OURS = ("domain", "adapters", "tasks", "flows")
SETTLES = {"begin_api", "find_server", "use_server"}


def file_of(module: str) -> Path | None:
    """The file of a module of ours."""
    path = ROOT / Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def modules_of(node: ast.stmt) -> Iterator[str]:
    """What an import statement imports."""
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{name.name}" for name in node.names)


@cache
def imported_with(module: str) -> frozenset[str]:
    """What is imported with a module of ours at once: its packages, and what stands at its top."""
    file = file_of(module)
    if module.split(".", maxsplit=1)[0] not in OURS or file is None:
        return frozenset()
    inside = (one for node in ast.parse(file.read_text()).body for one in modules_of(node))
    return frozenset([*inside, module.rpartition(".")[0]])


def imports_prefect(module: str) -> bool:
    """Whether to import a module is to import Prefect."""
    found, new = {module}, {module}
    while new := {one for each in new for one in imported_with(each)} - found:
        found |= new
    return any(one.split(".")[0] == "prefect" for one in found)


def too_early(function: ast.FunctionDef) -> list[str]:
    """What a function imports of Prefect before it is settled where Prefect's API is."""
    steps = sorted((node for node in ast.walk(function) if hasattr(node, "lineno")), key=lambda node: node.lineno)
    for node in steps:
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in SETTLES:
            return []
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = [module for module in modules_of(node) if imports_prefect(module)]
            if found:
                return found
    return []


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: file.stem)
def test_no_command_imports_prefect_before_it_is_settled_where_its_api_is(file):
    body = ast.parse(file.read_text()).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]

    assert [module for node in body for module in modules_of(node) if imports_prefect(module)] == []
    assert {function.name: found for function in functions if (found := too_early(function))} == {}


def test_the_search_knows_what_imports_prefect():
    assert imports_prefect("tasks.reconcile")
    assert imports_prefect("flows.stopping") is False
    assert imports_prefect("tasks.resources") is False
