"""`preactive up`: it looks before it starts anything, and what its parts have to say does not fill the terminal."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import PreactiveError, UsageError
from flows import everything, parts
from flows.__main__ import app
from tests.flows.processes import free_port, until

OPTIONS = ("--port", "--simulator-port", "--orders-port", "--reports-port")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def up(tmp_path, monkeypatch) -> Callable[..., BaseException | None]:
    """Runs the command in a folder of its own with free ports but for those given; what it ended with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))

    def run(**given: int) -> BaseException | None:
        ports = {option: given.get(option, free_port()) for option in OPTIONS}
        ended = CliRunner().invoke(app, ["up", *(word for pair in ports.items() for word in map(str, pair))])
        assert ended.output == ""
        return ended.exception

    return run


@pytest.mark.parametrize("option", OPTIONS)
def test_a_port_that_is_taken_is_told_before_anything_is_started(up, taken, tmp_path, option):
    error = up(**{option: taken})

    assert isinstance(error, UsageError)
    assert f"127.0.0.1:{taken}: Address already in use; choose another {option}." in str(error)
    assert not (tmp_path / parts.LOGS).exists()


def test_two_parts_cannot_have_one_port(up):
    port = free_port()

    assert isinstance(up(**{"--orders-port": port, "--reports-port": port}), UsageError)


@pytest.mark.parametrize("service", [["orders", "serve", "--no-prefect"], ["reports", "serve"]])
def test_a_service_on_a_port_that_is_taken_is_wrong_usage(taken, tmp_path, monkeypatch, service):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    ended = CliRunner().invoke(app, [*service, "--port", str(taken)])

    assert isinstance(ended.exception, UsageError)
    assert "choose another --port" in str(ended.exception)


# --- parts ---


@pytest.fixture
def start(tmp_path, monkeypatch) -> Iterator[Callable[..., parts.Part]]:
    """Starts parts that run a line of Python."""
    monkeypatch.chdir(tmp_path)
    started: list[parts.Part] = []

    def run(line: str, **options: object) -> parts.Part:
        started.append(parts.start("order service", ["-c", f"import sys; {line}"], {}, **options))
        return started[-1]

    yield run
    parts.end(started)


def test_what_a_part_says_goes_to_its_log_and_the_one_before_is_kept(start, capfd):
    for word in ("first", "second", "third"):
        part = start(f"print('{word}', file=sys.stderr); print('{word}')")
        assert part.process.wait(20) == 0

    assert part.log.read_text() == "third\n"
    assert part.log.with_name("order-service.log.1").read_text() == "second\n"
    assert part.log.parent.stat().st_mode & 0o077 == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_a_part_that_ends_by_itself_ends_all_and_is_named_with_why_and_its_log(start):
    lives = start("sys.stdin.read(); import time; time.sleep(60)")
    part = start("sys.exit('preactive: The store is locked.')")

    with pytest.raises(
        PreactiveError, match=r"The order service: The store is locked\. Its log is data/var/log/order-"
    ):
        parts.watch([lives, part], every=0.01)
    parts.end([lives])
    assert until(lambda: lives.exit_code is not None)


def test_a_part_that_the_others_do_not_need_is_told_of_and_they_go_on(start, capsys):
    wrong = start("print('preactive: There is no account x.', file=sys.stderr); sys.exit(2)", may_end_with=[2])
    made = start("", may_end_with=range(256))
    assert wrong.process.wait(20) == 2
    assert made.process.wait(20) == 0
    last = start("sys.exit(1)")

    with pytest.raises(PreactiveError, match="It ended by itself"):
        parts.watch([wrong, made, last], every=0.01)
    said = capsys.readouterr().err.splitlines()
    assert [line.endswith("Its log is data/var/log/order-service.log. The others go on.") for line in said] == [True]


def test_prefect_has_its_folder_in_the_project_and_not_in_the_users_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", "restored at the end")
    monkeypatch.delenv("PREFECT_HOME")
    places = everything.Places(host="127.0.0.1", port=1, simulator_port=2, orders_port=3, reports_port=4)

    assert Path(everything._environment(places)["PREFECT_HOME"]).resolve() == tmp_path / "data" / "var" / "prefect"
