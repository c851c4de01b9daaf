"""A command that no Prefect API is named to: it brings its own, and does not leave it behind."""

from pathlib import Path

import pytest

from tests.flows.processes import children, lives, until


def commands_of(pid: int) -> dict[int, str]:
    """The living children of a process and what they run."""
    return {child: Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in children(pid)}


@pytest.mark.long
def test_a_command_starts_its_own_api_and_its_death_does_not_leave_it_behind(bare_world):
    here = bare_world(first_run=True, rows=30)
    command = here.start(*here.provision)
    servers = until(lambda: [pid for pid, line in commands_of(command.pid).items() if "flows.embedded" in line])
    until(lambda: here.platform.writes >= 10, 100, "the tenth write")
    assert all(lives(pid) for pid in servers)
    command.kill()
    until(lambda: not any(lives(pid) for pid in servers), 30, "the end of the embedded server")
    assert (here.folder / "prefect" / "prefect.db").is_file()  # runs stay in the project's own Prefect home
