"""The same rows in another file are the same items: order, line ends, delimiter, encoding and type do not count."""

import codecs
import csv
import gzip
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.manifest import Outcome

EXAMPLES = int(os.environ.get("EXAMPLES", "8"))  # `make chaos` looks at many more
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.sampled_from(["", "a", "=1+1", "'quoted", "Zürich", "東京", 'say "hi"', "a;b", "a,b", "x\ty", "-1"])
TAGS = st.sampled_from(["", "eu", "eu,spare", "spare;eu", "op:no", "a b"])
CELLS = st.tuples(st.integers(1, 8), st.sampled_from(["", " ", "'", "F", "0"]), NAMES, TAGS)
# A file most of whose rows hold the same number is refused whole, as a program's damage.
TABLES = st.lists(CELLS, min_size=1, max_size=12).filter(lambda rows: 2 * len({row[0] for row in rows}) > len(rows))


def rows_of(make, cells):
    """Return rows of text: a number with something before or after it, a name and tags."""
    dressed = {
        "": "{}",
        " ": " {}\u00a0",
        "'": "'{}",
        "F": "{}F",
        "0": "{}0",
    }
    return [(dressed[dress].format(make.iccid(number)), name, tags) for number, dress, name, tags in cells]


def as_csv(rows, *, delimiter=",", end="\n", encoding="utf-8", bom=b""):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([("iccid", "name", "tags"), *rows])
    return bom + text.getvalue().encode(encoding)


def result(found):
    """Return what must not differ: the set of items and the number of each outcome."""
    return found.rows_digest, sorted((row.iccid, row.name, row.tags) for row in found.accepted), found.numbers()


@QUICK
@given(TABLES, st.randoms())
def test_g6_the_order_of_rows_does_not_count(make, cells, random):
    rows = rows_of(make, cells)
    shuffled = random.sample(rows, len(rows))
    first, second = make.read(as_csv(rows)), make.read(as_csv(shuffled))

    assert {row.iccid for row in first.accepted} == {row.iccid for row in second.accepted}
    assert first.numbers() == second.numbers()


@QUICK
@given(
    TABLES,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE)]),
)
def test_g6_delimiter_line_end_and_encoding_do_not_count(make, cells, delimiter, end, encoding):
    rows = rows_of(make, cells)
    other = as_csv(rows, delimiter=delimiter, end=end, encoding=encoding[0], bom=encoding[1])

    assert result(make.read(as_csv(rows))) == result(make.read(other))


@QUICK
@given(TABLES)
def test_g6_text_and_workbook_do_not_count(make, cells):
    rows = rows_of(make, cells)
    strings = sorted({cell for row in rows for cell in row} | {"iccid", "name", "tags"})
    place = {text: index for index, text in enumerate(strings)}
    xml = "".join(
        f'<row r="{number}">' + "".join(f'<c t="s"><v>{place[cell]}</v></c>' for cell in row) + "</row>"
        for number, row in enumerate([("iccid", "name", "tags"), *rows], 1)
    )

    assert result(make.read(as_csv(rows))) == result(make.read(make.raw(xml, strings=strings)))


@QUICK
@given(TABLES)
def test_g6_packing_does_not_count(make, cells):
    plain = as_csv(rows_of(make, cells))

    assert result(make.read(plain)) == result(make.read(gzip.compress(plain)))
    assert result(make.read(plain)) == result(make.read(make.zip({"sims.csv": plain})))


@QUICK
@given(TABLES, st.integers(20, 200))
def test_g6_the_way_of_reading_does_not_count(make, cells, size):
    rows = rows_of(make, cells)
    quoted = io.StringIO()
    csv.writer(quoted, quoting=csv.QUOTE_ALL).writerows([("iccid", "name", "tags"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.files.text_table.CHUNK_CHARS", size)
        in_pieces = make.read(as_csv(rows))

    assert result(in_pieces) == result(make.read(as_csv(rows))) == result(make.read(quoted.getvalue()))


@QUICK
@given(TABLES)
def test_g4_rows_are_accepted_rejected_duplicate_or_blank(make, cells):
    found = make.read(as_csv([*rows_of(make, cells), ("", "", "")]))
    numbers = found.numbers()

    assert numbers["rows"] == numbers["accepted"] + numbers["rejected"] + numbers["duplicates"] + numbers["blank"]
    assert [row.row_no for row in found.rows] == list(range(2, len(cells) + 3))


@QUICK
@given(TABLES)
def test_g18_an_accepted_number_stands_in_its_row_as_it_is(make, cells):
    rows = rows_of(make, cells)
    for row, cells_of_row in zip(make.read(as_csv(rows)).rows, rows, strict=True):
        if row.outcome is Outcome.ACCEPTED:
            assert row.iccid == cells_of_row[0].strip(" \u00a0").removeprefix("'").removesuffix("F")


@QUICK
@given(st.binary(max_size=200))
def test_g17_no_bytes_make_reading_fail_otherwise_than_by_refusal(make, content):
    for start in (b"", b"iccid,name\n", b"PK\x03\x04"):
        try:
            make.read(start + content)
        except Exception as error:  # the point is which errors may come
            assert type(error).__name__ == "FileRefused"
