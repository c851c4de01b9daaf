"""The inbox: files that lie still, one after the other, each read once and moved aside."""

import os
import socket
import time

import pytest

from adapters.files import inbox as inbox_module
from adapters.files.inbox import open_inbox, plain_name
from adapters.files.reader import read_manifest
from domain.errors import FileRefused, Refused, SettingsError
from domain.supplier import FileLimits

LIMITS = FileLimits()
TEXT = "iccid,name\n8944500000000079364,a\n"
OLD = 1_700_000_000


@pytest.fixture
def folder(tmp_path):
    """An inbox that takes files at once."""
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def box(folder):
    with open_inbox(folder, settle_seconds=0) as opened:
        yield opened


def put(folder, name, text=TEXT, *, age=0):
    path = folder / name
    path.write_text(text)
    os.utime(path, (OLD - age, OLD - age))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_b83_a_file_that_changed_a_moment_ago_waits(folder):
    put(folder, "a.csv")
    with open_inbox(folder, settle_seconds=60) as box:
        assert box.waiting(10) == ([], 1)
    with open_inbox(folder, settle_seconds=0) as box:
        assert box.waiting(10) == (["a.csv"], 0)


@pytest.mark.parametrize("name", [".a.csv", "a.csv.part", "a.csv.tmp", "a.csv.filepart", "a.csv~", "a.lock"])
def test_b83_a_file_under_the_name_of_an_unfinished_one_is_left_alone(folder, box, name):
    put(folder, name)

    assert box.waiting(10) == ([], 0)


def test_b83_a_file_that_grows_while_it_is_read_stays(folder, box, monkeypatch):
    path = put(folder, "a.csv")

    def grow(descriptor, size, read=os.read):
        with path.open("a") as stream:
            stream.write("x")
        return read(descriptor, size) if stream.closed and path.stat().st_size < 80 else b""

    monkeypatch.setattr("adapters.files.snapshot.os.read", grow)

    with pytest.raises(FileRefused, match="changed"), box.claimed("a.csv", LIMITS):
        pass
    assert path.exists()


def test_b84_links_pipes_and_sockets_are_refused_and_can_be_moved_aside_unread(folder, box, tmp_path):
    target = tmp_path / "secret.csv"
    target.write_text(TEXT)
    (folder / "soft.csv").symlink_to(target)
    os.link(target, folder / "hard.csv")
    os.mkfifo(folder / "pipe.csv")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "socket.csv"))
    (folder / "more").mkdir()

    found = set(box.waiting(10).ready)
    assert found == {"soft.csv", "hard.csv", "pipe.csv", "socket.csv"}
    for name in found:
        with pytest.raises(FileRefused) as caught, box.claimed(name, LIMITS):
            pass
        assert caught.value.code in {"link", "not_a_file"}, name
        box.put_aside(name, "rejected", reason=str(caught.value))
    server.close()

    assert names(folder) == ["more", "rejected"]
    assert target.read_text() == TEXT


@pytest.mark.parametrize(
    "name",
    [
        "-rf.csv",
        "a\nb.csv",
        "x" * 251 + ".csv",
        "ü \u202e.csv",
        os.fsdecode(b"\xff\xfe.csv"),
        "$(touch x).csv",
        "con.",
        "...x",
    ],
)
def test_b85_a_strange_name_is_only_a_name(folder, box, name):
    put(folder, name)
    with box.claimed(name, LIMITS) as claim:
        assert claim.path.name.isascii() and claim.path.name.isprintable() and claim.path.name[0] not in ".-"
        assert len(read_manifest(claim.path).rows) == 1
        moved = box.put_aside(name, "processed", claim=claim)

    assert moved is not None and moved.parent == folder / "processed"
    assert names(folder) == ["processed"]


def test_b86_what_is_read_is_what_was_checked_and_a_file_put_in_its_place_stays(folder, box):
    put(folder, "a.csv")
    with box.claimed("a.csv", LIMITS) as claim:
        (folder / "new").write_text(TEXT.replace(",a", ",other"))
        (folder / "new").rename(folder / "a.csv")

        assert claim.path.read_text() == TEXT
        assert read_manifest(claim.path).digest == claim.digest
        assert box.put_aside("a.csv", "processed", claim=claim) is None
    assert names(folder) == ["a.csv"]


def test_b87_a_file_that_is_gone_or_unreadable_is_one_error_and_the_inbox_is_unchanged(folder, box, monkeypatch):
    with pytest.raises(FileRefused) as caught, box.claimed("gone.csv", LIMITS):
        pass
    assert caught.value.code == "unreadable"

    put(folder, "a.csv")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inbox_module.shutil, "copyfileobj", full)
    with pytest.raises(FileRefused, match="No space left") as caught, box.claimed("a.csv", LIMITS):
        pass
    assert caught.value.code == "unreadable"
    assert names(folder) == ["a.csv"]


def test_b88_ten_thousand_files_are_a_queue_with_the_oldest_first(folder, box):
    for number in range(10_000):
        put(folder, f"{number:05d}.csv", "", age=number)
    began = time.monotonic()
    waiting = box.waiting(100)

    assert waiting.ready == [f"{number:05d}.csv" for number in range(9_999, 9_899, -1)]
    assert waiting.later == 9_900
    assert time.monotonic() - began < 10


def test_moved_files_never_replace_each_other(folder, box):
    for text in ("one", "two", "three"):
        put(folder, "a.csv", text)
        box.put_aside("a.csv", "processed")

    assert sorted(path.read_text() for path in (folder / "processed").iterdir()) == ["one", "three", "two"]


def test_a_rejected_file_lies_beside_its_reason(folder, box):
    put(folder, "a.csv")
    moved = box.put_aside("a.csv", "rejected", reason="It is empty.")

    assert moved is not None
    assert (moved.parent / f"{moved.name}.reason.txt").read_text() == "a.csv: It is empty.\n"


def test_a_private_copy_is_gone_afterwards(folder, box):
    put(folder, "a.csv")
    with box.claimed("a.csv", LIMITS) as claim:
        assert claim.path.stat().st_mode & 0o077 == 0 or claim.path.parent.stat().st_mode & 0o077 == 0
    assert not claim.path.parent.exists()


def test_one_inbox_is_read_by_one_process(folder, box):
    with pytest.raises(Refused, match="Another process"), open_inbox(folder, settle_seconds=0):
        pass


def test_an_inbox_that_is_no_folder_is_a_wrong_setting(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="inbox_dir"), open_inbox(tmp_path / "file", settle_seconds=0):
        pass


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sims.csv", "sims.csv"),
        ("../../x y.csv", "x-y.csv"),
        ("a.b.out", "a.b.out"),
        ("ü.xlsx", "file.xlsx"),
        ("x", "x"),
    ],
)
def test_a_copy_keeps_what_is_plain_of_a_name(name, expected):
    assert plain_name(name) == expected
