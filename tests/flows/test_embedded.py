"""A command that no Prefect API is named to: it brings its own, and never leaves it behind."""

from pathlib import Path

import pytest

from tests.flows.processes import children, lives, until

pytestmark = pytest.mark.xdist_group("embedded")


def commands_of(pid: int) -> dict[int, str]:
    """The living children of a process and what they run."""
    return {child: Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in children(pid)}


def test_a_command_starts_its_own_api_and_neither_its_end_nor_its_death_leaves_it_behind(bare_world):
    here = bare_world(rows=30)
    command = here.start(*here.provision)
    servers = until(lambda: [pid for pid, line in commands_of(command.pid).items() if "flows.embedded" in line])
    until(lambda: here.platform.writes >= 10, 100, "the tenth write")
    assert all(lives(pid) for pid in servers)
    command.kill()
    until(lambda: not any(lives(pid) for pid in servers), 30, "the end of the embedded server")

    again = here.start(*here.provision)
    servers = until(lambda: [pid for pid, line in commands_of(again.pid).items() if "flows.embedded" in line])
    ended = again.end()

    assert ended.code == 0, ended.err
    assert not any(lives(pid) for pid in servers)
    here.check_one_each()
    assert (here.folder / "prefect" / "prefect.db").is_file()  # runs stay in the project's own Prefect home
