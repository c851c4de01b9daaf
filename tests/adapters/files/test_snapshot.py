"""Opening a file: one descriptor, ordinary files only, and no surprise from its name."""

import os
import socket

import pytest

from adapters.files import snapshot as module
from adapters.files.snapshot import snapshot
from domain.errors import UsageError
from domain.supplier import FileLimits

STRANGE = ["-rf.csv", "a\nb.csv", "\x1b[2J.csv", "..csv", "x.lock", "ü" * 100, os.fsdecode(b"\xff.csv")]
CONTENT = "iccid\n8944500000000079364\n"


@pytest.fixture
def file(make):
    return make.write(CONTENT)


def test_a_missing_file_is_wrong_usage(make):
    for path in (make.folder / "none.csv", make.folder / "none" / "x.csv", make.folder / ("x" * 300)):
        with pytest.raises(UsageError):
            make.read(path)


def test_b84_a_symbolic_link_is_refused(make, file):
    link = make.folder / "link"
    link.symlink_to(file)

    assert make.refusal(link).code == "link"


def test_b84_a_hard_link_is_refused(make, file):
    link = make.folder / "link"
    link.hardlink_to(file)

    assert make.refusal(link).code == "link"


def test_b84_a_folder_is_refused(make):
    assert make.refusal(make.folder).code == "not_a_file"


def test_b84_a_pipe_is_refused_without_waiting(make):
    pipe = make.folder / "pipe"
    os.mkfifo(pipe)

    assert make.refusal(pipe).code == "not_a_file"


def test_b84_a_socket_is_refused(make, monkeypatch):
    monkeypatch.chdir(make.folder)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        assert make.refusal(make.folder / "socket").code == "not_a_file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_b87_an_unreadable_file_is_refused(make, file):
    file.chmod(0)

    assert make.refusal(file).code == "unreadable"


def test_b87_an_error_while_reading_is_a_refusal(make, file, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(module.os, "read", fail)

    assert make.refusal(file).code == "unreadable"


@pytest.mark.parametrize("name", STRANGE)
def test_b85_a_strange_name_is_only_shown_and_escaped(make, name):
    found = make.read(make.write(CONTENT, name))

    assert found.source_name.isprintable()
    assert len(found.source_name) <= 400


def test_the_size_limit_holds_for_files_that_say_less(make, file, monkeypatch):
    assert make.refusal(file, limits={"max_bytes": 10}).code == "too_large"
    monkeypatch.setattr(module, "_require_plain_file", lambda *_: None)
    assert make.refusal(file, limits={"max_bytes": 10}).code == "too_large"


def test_b83_a_file_that_grows_while_it_is_read_is_refused(make, file, monkeypatch):
    read = os.read

    def growing(descriptor, size):
        with file.open("a") as stream:
            stream.write("8944\n" if file.stat().st_size < 100 else "")
        return read(descriptor, size)

    monkeypatch.setattr(module.os, "read", growing)

    assert make.refusal(file).code == "changed"


def test_b86_what_is_parsed_is_what_was_hashed(file):
    with snapshot(file, FileLimits()) as taken:
        file.write_text("something else")

        assert taken.content.read() == CONTENT.encode()


def test_the_digest_is_that_of_the_bytes(make, file):
    import hashlib

    assert make.read(file).digest == hashlib.sha256(CONTENT.encode()).hexdigest()
