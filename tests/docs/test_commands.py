"""Every command, option and make target that a page names exists, and every command is explained."""

import re
import subprocess
import sys
from typing import Any

import pytest
import typer

from flows.__main__ import app
from tests.docs.pages import README, ROOT, blocks, commands, pages, spans, text_of

SELF_EXPLAINED = "simulator"  # hands its options on


def _parts(name: str, command: Any) -> list[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    return [(name, command)] if below is None else [(f"{name} {nth}", part) for nth, part in below.items()]


def options_of(command: Any) -> set[str]:
    """The options of a command as they are typed."""
    return {option for parameter in command.params for option in parameter.opts} | {"--help"}


COMMANDS = {
    path: options_of(part)
    for name, command in typer.main.get_command(app).commands.items()
    for path, part in _parts(name, command)
}
SAID = sorted(
    {(page.name, " ".join(said)) for page in pages() for said in commands(text_of(page), "preactive") if said}
)


def command_of(words: list[str]) -> str:
    """The command that these words begin with."""
    return next((path for path in (" ".join(words[:2]), words[0]) if path in COMMANDS), "")


@pytest.mark.parametrize(("page", "said"), SAID)
def test_every_command_that_a_page_names_exists(page, said):
    words = said.split()
    command = command_of(words)
    used = {word.split("=")[0] for word in words if word.startswith("-")}

    assert command or used == {"--help"}, f"{page} names the command {said!r}"
    assert command in ("", SELF_EXPLAINED) or used <= COMMANDS[command], f"{page}: {command} has no {used}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named_in_the_readme(command):
    assert command in {command_of(words) for words in commands(text_of(README), "preactive") if words}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_option_that_a_page_speaks_of_exists(page):
    known = set().union(*COMMANDS.values())
    spoken = {word for span in spans(text_of(page)) for word in re.findall(r"(?:^|\s)(--[a-z][a-z-]+)", span)}
    of_the_simulator = set(re.findall(r"`(--[a-z-]+)", text_of(ROOT / "docs" / "simulator.md")))
    foreign = {"--require-hashes", "--type", "--all"} | of_the_simulator  # pip's and Prefect's

    assert spoken <= known | foreign


def test_every_make_target_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z]+):.*##", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {words[0] for page in pages() for words in commands(text_of(page), "make") if words}

    assert {"run", "test", "up", "check"} <= named <= targets


def test_the_readme_begins_with_the_two_commands():
    first_screen = "\n".join(text_of(README).splitlines()[:40])

    assert "| `make run` |" in first_screen
    assert "| `make test` |" in first_screen
    assert "$ make run" in blocks(text_of(README), "console")[0]


def test_help_is_told_without_reading_settings():
    """They bring pydantic along, which takes longer than all the rest."""
    code = "import sys, flows.__main__; print([n for n in ('pydantic', 'sqlalchemy', 'prefect') if n in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)

    assert ended.stdout.strip() == "[]"
