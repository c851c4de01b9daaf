"""QR codes of eSIMs."""

import zipfile
from itertools import pairwise

import pytest
import segno

from adapters.files.qr import qr_png, write_qr, write_qr_zip

LPA = "LPA:1$smdp.example.com$04386-AGYFT-A74Y8-3F815"


def test_a_code_is_a_png_that_holds_the_string_and_nothing_else(tmp_path):
    path = write_qr(tmp_path / "sale" / "4711.png", LPA)

    assert path.read_bytes() == qr_png(LPA)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert path.read_bytes() != qr_png(LPA + "0")
    assert list(tmp_path.rglob("*.part")) == []


def test_a_code_is_no_micro_qr_which_phones_do_not_read():
    assert not segno.make_qr("LPA:1$a$b", error="m").is_micro
    assert int.from_bytes(qr_png("LPA:1$a$b")[16:20]) >= (21 + 8) * 8  # a full code with its border


def test_a_batch_is_one_zip_with_a_code_for_each_iccid(tmp_path):
    lpas = [(f"894450{number}", f"{LPA}{number}") for number in range(3)]

    assert write_qr_zip(tmp_path / "batch.zip", lpas) == 3

    with zipfile.ZipFile(tmp_path / "batch.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{iccid}.png" for iccid, _ in lpas]
        assert [archive.read(f"{iccid}.png") for iccid, _ in lpas] == [qr_png(lpa) for _, lpa in lpas]


def test_the_same_batch_gives_the_same_bytes(tmp_path):
    paths = [tmp_path / name for name in ("one.zip", "two.zip")]
    for path in paths:
        write_qr_zip(path, [("8944", LPA)])

    assert all(a.read_bytes() == b.read_bytes() for a, b in pairwise(paths))


def test_a_zip_that_fails_in_the_middle_is_not_there(tmp_path):
    def broken():
        yield "8944", LPA
        raise OSError("the store went away")

    with pytest.raises(OSError, match="went away"):
        write_qr_zip(tmp_path / "batch.zip", broken())
    assert list(tmp_path.iterdir()) == []
