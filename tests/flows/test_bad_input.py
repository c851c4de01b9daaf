"""Whatever is wrong, a command says so in one sentence, tells no secret, and nothing is lost."""

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from adapters.files.samples import sample_iccid
from tests.flows.processes import unreachable, until
from tests.flows.world import PASSWORD, World

ROWS = 20


@pytest.fixture(scope="module")
def here(tmp_path_factory, prefect_api) -> Iterator[World]:
    """A world in which one batch is provisioned already."""
    with World(tmp_path_factory.mktemp("bad"), rows=ROWS, api=prefect_api) as world:
        world.run(*world.provision)
        yield world


@pytest.fixture
def refused(here) -> Iterator[Callable[..., str]]:
    """Runs a command that must be refused, and gives its sentence; nothing may have been written."""

    def run(*arguments: str, code: int, **env: str) -> str:
        before = here.platform.writes
        ended = here.run(*arguments, code=code, env=env)
        assert PASSWORD not in ended.out + ended.err
        assert here.platform.writes == before
        return ended.sentence

    yield run
    assert pre_active(here) == ROWS


def pre_active(here: World) -> int:
    """How many endpoints the store says are ready."""
    with closing(sqlite3.connect(here.store)) as store:
        return int(store.execute("SELECT count(*) FROM endpoints WHERE state = 'pre_active'").fetchone()[0])


def fresh(here: World, name: str) -> list[str]:
    """A command for a file that was never seen, so that there is something to do."""
    iccids = [sample_iccid("89445070", number) for number in range(1, 6)]
    return ["provision", str(here.write(name, iccids)), "--yes"]


# --- files ---


def test_a_missing_file_is_named(refused):
    assert "/no/such/file.csv" in refused("provision", "/no/such/file.csv", "--yes", code=2)


def test_a_folder_is_no_file(refused, tmp_path):
    assert tmp_path.name in refused("provision", str(tmp_path), "--yes", code=4)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"iccid,name\n", "row"),
        (b"serial,colour\n1,red\n", "ICCID"),
        (b"iccid,name\n\xff\xfe\x00,x\n", ""),
        (b"PK\x03\x04 no workbook at all", ""),
    ],
    ids=["empty", "no rows", "no ICCID column", "no text", "no workbook"],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(refused, tmp_path, content, word):
    (tmp_path / "file.csv").write_bytes(content)

    assert word in refused("provision", str(tmp_path / "file.csv"), "--yes", code=4)


def test_too_many_rejects_are_counted_in_the_sentence(refused, here):
    file = here.write("rejects.csv", [*here.iccids, "123", "456"])
    sentence = refused("provision", str(file), "--yes", code=4)

    assert f"2 of {ROWS + 2} rows are rejected" in sentence


def test_too_much_change_is_counted_in_the_sentence(refused, here):
    here.configure(max_change=5)
    empty = {"PREACTIVE_STORE_URL": f"sqlite:///{here.folder / 'none.db'}"}
    try:
        sentence = refused(*here.provision, code=4, **empty)
        activation = refused(*here.activate(), code=4)
    finally:
        here.configure()

    assert f"{ROWS} endpoints and 5 are allowed" in sentence
    assert f"--limit {ROWS}" in sentence
    assert f"{ROWS} endpoints and 5 are allowed" in activation


# --- usage and settings ---


def test_without_yes_and_without_a_person_nothing_is_done(refused, here):
    assert "--yes" in refused(*here.activate()[:-1], code=4)


def test_what_was_taken_out_of_a_files_numbers_is_told_before_anything_is_applied(refused, here):
    iccids = [sample_iccid("89445070", number) for number in range(1, 6)]
    file = str(here.write("fillers.csv", [f"{one}F" for one in iccids]))

    (note,) = here.run("plan", file, "--json").rows[0]["file_notes"]
    assert "filler F removed" in note
    assert "5" in note
    assert f"\n  {note}\n" in here.run("plan", file).out
    assert f"\n  {note}\n" in here.run("provision", file, code=4).out


def test_an_unknown_tag_is_answered_with_the_known_ones(refused):
    sentence = refused("activate", "--tag", "no-such-tag", "--yes", code=4)

    assert "'no-such-tag'" in sentence
    assert "batch" in sentence


def test_an_unknown_group_is_answered_with_the_known_ones(refused):
    sentence = refused("activate", "--tag", "batch", "--group", "no-such-group", "--yes", code=2)

    assert "'no-such-group'" in sentence
    assert "eu" in sentence


def test_an_activation_of_nothing_in_particular_is_refused(refused):
    assert "--tag" in refused("activate", "--yes", code=2)


def test_an_unknown_batch_is_answered_with_the_known_ones(refused):
    for command in ("show", "cancel", "report"):
        assert "batch" in refused("batch", command, "no-such-batch", code=4)


def test_an_unusable_tag_is_refused(refused, here):
    assert "'a b'" in refused("provision", str(here.file), "--tag", "a b", "--yes", code=2)


def test_an_unknown_account_is_answered_with_the_known_ones(refused, here):
    assert "demo, t" in refused("provision", str(here.file), "--account", "no-such", "--yes", code=2)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ('defualt_account = "t"', "defualt_account"),
        ('[accounts.t]\nbase_url = "http://platform.example"', "https"),
        ('[accounts.t]\nbase_url = "http://127.0.0.1:1/api"\nmax_in_flight = 0', "max_in_flight"),
        ('[accounts.t]\nbase_url = "http://127.0.0.1:1/api"\npassword = 12345', "password"),
        ("store_url = ", "wrong.toml"),
    ],
    ids=["unknown name", "no https", "out of bounds", "wrong type", "no TOML"],
)
def test_wrong_settings_are_named_and_their_values_are_not(refused, tmp_path, settings, word):
    (tmp_path / "wrong.toml").write_text(settings)
    sentence = refused("stock", code=2, PREACTIVE_CONFIG=str(tmp_path / "wrong.toml"))

    assert word in sentence
    assert "12345" not in sentence


def test_settings_that_are_named_and_missing_are_an_error(refused):
    assert "/no/such.toml" in refused("stock", code=2, PREACTIVE_CONFIG="/no/such.toml")


# --- platform and Prefect ---


def test_a_wrong_password_is_tried_exactly_once_since_the_platform_locks_accounts(refused, here):
    before = here.platform.stats["requests"]["POST /login"]
    sentence = refused(*here.activate(1), code=2, PREACTIVE_ACCOUNTS__T__PASSWORD="canary-of-a-password")

    assert here.platform.stats["requests"]["POST /login"] - before == 1
    assert "user name and password" in sentence
    assert "canary" not in sentence


def test_a_platform_that_does_not_answer_is_named(refused, here):
    address = f"{unreachable()}/api"
    new_store = f"sqlite:///{here.folder / 'unpinned.db'}"  # an account that was used before keeps its address

    assert address in refused(
        *fresh(here, "unsent.csv"),
        code=4,
        PREACTIVE_ACCOUNTS__T__BASE_URL=address,
        PREACTIVE_STORE_URL=new_store,
    )


def test_a_prefect_api_that_does_not_answer_is_named(refused, here):
    address = f"{unreachable()}/api"

    assert address in refused(*here.activate(1), code=1, PREFECT_API_URL=address)


# --- the store ---


@pytest.mark.long
def test_a_locked_store_is_told_by_every_command_that_needs_it(here):
    before = here.platform.writes
    with closing(sqlite3.connect(here.store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        commands = [here.start("stock"), here.start(*here.provision), here.start(*here.activate(1))]
        ended = [command.end() for command in commands]
        other.execute("ROLLBACK")

    assert [one.code for one in ended] == [4, 4, 4]
    assert all("locked by another program" in one.sentence for one in ended)
    assert here.platform.writes == before
    assert pre_active(here) == ROWS


def test_a_store_of_a_newer_program_is_left_alone(refused, here, tmp_path):
    newer = tmp_path / "newer.db"
    shutil.copy(here.store, newer)
    with closing(sqlite3.connect(newer)) as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
        store.commit()
    content = newer.read_bytes()

    for command in (["stock"], here.activate(1), here.provision, ["db", "upgrade"]):
        sentence = refused(*command, code=4, PREACTIVE_STORE_URL=f"sqlite:///{newer}")
        assert "version 9999" in sentence
        assert "newer program" in sentence
    assert newer.read_bytes() == content


def test_a_file_that_is_no_store_is_left_alone(refused, here, tmp_path):
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database " * 1000)

    for command in (["stock"], here.activate(1), here.provision, ["db", "check"]):
        assert "damaged" in refused(*command, code=4, PREACTIVE_STORE_URL=f"sqlite:///{garbage}")
    assert garbage.read_bytes() == b"no database " * 1000


def test_a_database_server_that_does_not_answer_is_named_without_its_password(refused, here):
    server = unreachable().removeprefix("http://")
    url = f"postgresql+psycopg://someone:canary-of-a-password@{server}/stock"

    for command in (["stock"], here.activate(1), ["db", "check"]):
        sentence = refused(*command, code=4, PREACTIVE_STORE_URL=url)
        assert "canary" not in sentence
        assert "127.0.0.1" in sentence


class Disk:
    """A disk that can be filled while a process writes to it: a small one of its own, or a limit on that process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
        self._is_own = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0

    def fill(self, pid: int) -> None:
        """Leave no room for what that process, or one that it starts later, still wants to write."""
        if self._is_own:
            with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
                while filler.write(bytes(4096)):
                    continue
            return
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, most))

    def let_go(self, pid: int) -> None:
        """Take the limit off a process that goes on."""
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        """Take it away."""
        if self._is_own:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    """A small disk."""
    (tmp_path / "disk").mkdir()
    made = Disk(tmp_path / "disk")
    yield made
    made.close()


@pytest.mark.long
def test_a_disk_that_gets_full_under_way_ends_the_run_and_loses_nothing(world, disk):
    here = world(
        rows=80,
        account={"deadline_seconds": 1, "max_in_flight": 4},
        platform={"--latency": 0.1},
        store_url=f"sqlite:///{disk.folder / 'store.db'}",
    )
    command = here.start(*here.provision)
    until(lambda: here.platform.writes >= 20 or command.is_over, 100, "the first writes")
    # Whatever the store lets go of between two transactions is taken too.
    until(lambda: disk.fill(command.pid) or command.is_over, 60, "the end of the run")
    ended = command.end()
    made = here.platform.writes

    assert "full" in ended.sentence
    assert made < 160
    disk.free()
    here.run(*here.provision)
    here.check_one_each()
    assert ended.code == 1  # 4 would say that nothing was changed


def test_a_disk_that_is_full_from_the_start_is_told_before_anything_is_sent(world, disk):
    here = world(rows=10, store_url=f"sqlite:///{disk.folder / 'store.db'}")
    here.run("db", "upgrade")
    disk.fill(os.getpid())
    try:
        ended = here.run(*here.provision, code=4)
    finally:
        disk.let_go(os.getpid())

    assert "full" in ended.sentence
    assert here.platform.writes == 0
    disk.free()
    here.run(*here.provision)
    here.check_one_each()
