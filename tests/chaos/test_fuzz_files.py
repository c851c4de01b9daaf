"""Files mutated at random: every one is read or refused with a reason, in time, and nothing else happens.

CHAOS_FILES sets how many files of each kind a seed makes.
"""

import gzip
import io
import os
import random
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import pytest

from adapters.files.reader import read_manifest
from domain.errors import FileRefused
from domain.manifest import Manifest
from domain.problems import FileCode
from tests.adapters.files.test_book_child import carefully, is_simple, quickly
from tests.support.case import A, B
from tests.support.catalogue import cases
from tests.support.files import Maker

pytestmark = pytest.mark.timeout(1200)
FILES = int(os.environ.get("CHAOS_FILES", "150"))
SECONDS = 60
TOKENS = [
    *(b"\0", b"\r", b"\n", b'"', b"'", b",", b";", b"\t", b"=", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"F", b"89"),
    *(
        "０".encode(),
        "\u202e".encode(),
        b"sep=;\n",
        b"iccid",
        b"var_out:ICCID/KI\n",
        b"Quantity: 1\n",
        b"1e18",
        b"0000",
    ),
]
XML = [
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?pi?>", b"&a;", b"&#x41;", b"&#0;"),
    *(b"<f>1</f>", b'hidden="1"', b't="s"', b't="str"', b't="e"', b'r="A1"', b'r="XFD1048576"', b'r="2"', b"<row>"),
    *(b"</row>", b"<c/>", b"<v>99</v>", b"<v>-1</v>", b"<v>1e400</v>", b"<x:c/>", b"_x0041_", b"\0", b"<sheetData/>"),
]


def mutated(content: bytes, chance: random.Random, tokens: list[bytes]) -> bytes:
    """Change a few bytes or stretches of a text."""
    found = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        place = chance.randrange(len(found) + 1)
        end = min(len(found), place + chance.choice([0, 1, 4, 40]))
        kind = chance.randrange(5)
        if kind == 0 and place < len(found):
            found[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[place:end]
        elif kind == 2:
            found[place:place] = chance.choice(tokens) * chance.choice([1, 1, 2, 300])
        elif kind == 3:
            found[place:end] = chance.choice(tokens)
        else:
            found[place:place] = found[place:end] * chance.choice([1, 2, 50])
    return bytes(found)


def other_parts(content: bytes, chance: random.Random) -> bytes:
    """The same archive with the XML of one part changed, so that its checksum is right."""
    with ZipFile(io.BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = chance.choice([*parts, *(found for found in parts if "sheet" in found or "Strings" in found)])
    parts[name] = mutated(parts[name], chance, XML)
    if chance.random() < 0.1:
        del parts[chance.choice(list(parts))]
    target = io.BytesIO()
    with ZipFile(target, "w", chance.choice([ZIP_DEFLATED, ZIP_STORED])) as new:
        for part, body in parts.items():
            new.writestr(part, body)
    return target.getvalue()


def texts() -> list[bytes]:
    """The text files of the catalogue that are not large."""
    maker = Maker(Path())
    made = [case.content(maker) for case in cases()]
    raw = [content.encode() if isinstance(content, str) else content for content in made]
    return [content for content in raw if len(content) < 5_000 and not content.startswith((b"PK", b"\x1f\x8b"))]


def books(make: Maker) -> list[bytes]:
    """Workbooks in the ways of writing them."""
    rows = [("iccid", "name", "tags", "eid"), (A, "a", "x,y", ""), (B, "b & c", "", ""), (5, None, True, "=1+1")]
    strings = ["iccid", "name", A, "a"]
    shared = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    shared += '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c></row>'
    return [
        make.book(rows),
        make.raw(shared, strings=strings),
        make.book([*rows[:3], *[(A, f"n{n}") for n in range(50)]]),
    ]


def outcome(path: Path) -> Manifest | None:
    """Read a file; whatever it is, it ends in time as a manifest that adds up, or as a refusal with a reason."""
    began = time.monotonic()
    found: Manifest | None = None
    try:
        found = read_manifest(path)
    except FileRefused as error:
        assert error.code in set(FileCode)
        assert str(error).isprintable() and len(str(error)) < 2_000, str(error)
    else:
        numbers = found.numbers()
        assert numbers["rows"] == sum(numbers[word] for word in ("accepted", "rejected", "duplicates", "blank"))
        assert all(row.iccid and row.iccid.isascii() and row.iccid.isdigit() for row in found.accepted)
    assert time.monotonic() - began < SECONDS
    return found


def search(folder: Path, made: Callable[[], bytes]) -> int:
    """Read so many files; keep the one that breaks something, and say how many could be read."""
    read = 0
    for _ in range(FILES):
        path = folder / "file"
        path.write_bytes(made())
        read += outcome(path) is not None
        assert [found.name for found in folder.iterdir()] == ["file"]
    return read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, in which nothing but the file may ever be."""
    (tmp_path / "only").mkdir()
    return tmp_path / "only"


def test_mutated_texts_are_read_or_refused(folder, chance):
    seeds = texts()

    def made() -> bytes:
        return mutated(chance.choice(seeds), chance, TOKENS)

    assert search(folder, made) > 0


def test_an_accepted_number_of_a_mutated_text_stands_in_it(folder, chance):
    seeds = [content for content in texts() if b"var_" not in content]
    for _ in range(FILES):
        content = mutated(chance.choice(seeds), chance, TOKENS)
        path = folder / "file"
        path.write_bytes(content)
        found = outcome(path)
        digits = re.sub(rb"[\0\xff\xfe]", b"", content)
        for row in found.accepted if found is not None else ():
            assert row.iccid is not None and row.iccid.encode() in digits


def test_bytes_at_random_are_read_or_refused(folder, chance):
    starts = [b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"iccid,name\n", b"\xff\xfe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]

    search(folder, lambda: chance.choice(starts) + chance.randbytes(chance.choice([0, 1, 20, 400])))


def test_mutated_archives_are_read_or_refused(folder, chance, tmp_path):
    seeds = books(Maker(tmp_path))
    seeds += [gzip.compress(b"iccid\n" + A.encode()), Maker(tmp_path).zip({"sims.csv": b"iccid\n" + A.encode()})]

    search(
        folder,
        lambda: mutated(chance.choice(seeds), chance, [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\xff" * 4]),
    )


def test_workbooks_with_mutated_parts_are_read_or_refused(folder, chance, tmp_path):
    seeds = books(Maker(tmp_path))

    assert search(folder, lambda: other_parts(chance.choice(seeds), chance)) > 0


def test_of_a_mutated_sheet_the_quick_parser_says_what_the_careful_one_says(chance, tmp_path):
    maker = Maker(tmp_path)
    seeds = [maker.book([("iccid", "name"), (A, "a"), (B, " b ")]), maker.book([("x", "y"), ("1", 5), (None, "z")])]
    compared = 0
    for _ in range(5 * FILES):
        content = other_parts(chance.choice(seeds), chance)
        try:
            quick = quickly(content) if is_simple(content) else None
            careful = carefully(content)
        except Exception:
            continue
        if quick is not None and careful:
            compared += 1
            assert quick == careful
    assert compared > FILES / 5


def test_the_mutations_are_what_they_say(chance):
    content = b"iccid,name\n" * 20

    assert len({mutated(content, chance, TOKENS) for _ in range(50)}) > 30
    with pytest.raises((BadZipFile, zlib.error, EOFError, OSError)):
        gzip.decompress(mutated(gzip.compress(content), random.Random(4), [b"\0"])[:-9])
