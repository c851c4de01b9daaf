"""Workbooks are parsed in a child: its limits hold, it gets nothing of ours, and both of its parsers say the same."""

import io
import os
import sys
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.files import book_parent
from adapters.files.book_job import BookJob
from adapters.files.book_outline import read_outline
from adapters.files.book_rows import BookTexts, CarefulSheet, open_plain, plain_rows
from adapters.files.book_scan import is_plain
from domain.problems import FileCode

A = "8944500000000079364"
SHEET = "xl/worksheets/sheet1.xml"
JOB = BookJob("sims.xlsx", 0, None, None, False, False, 1000, 256, 10, 50, 10_000, 10_000, 60, 512, 10**8)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def is_simple(content):
    with ZipFile(io.BytesIO(content)) as archive:
        return is_plain(archive, SHEET, JOB)


def quickly(content):
    """The rows as calamine gives them: number, cells without blank ends, and what is no text."""
    rows = []
    for piece in plain_rows(open_plain(io.BytesIO(content), "Sheet")):
        is_text = isinstance(piece, BookTexts)
        rows += [(row, cells, {}) for row, cells in enumerate(piece.rows, piece.first)] if is_text else piece
    return [row for row in map(bare, rows) if any(row[1])]


def carefully(content):
    """The same as openpyxl gives it."""
    return [row for row in map(bare, CarefulSheet(io.BytesIO(content), SHEET, JOB).rows()) if any(row[1])]


def bare(row):
    number, cells, odd = row
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return number, [cell if cell.strip() else "" for cell in cells], {place: tuple(what) for place, what in odd.items()}


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=6)
VALUES = st.one_of(
    TEXTS, st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False, width=32), st.none()
)


@QUICK
@given(st.lists(st.lists(VALUES, max_size=4), min_size=1, max_size=6))
def test_both_parsers_say_the_same_of_a_plain_sheet(make, rows):
    texts = [[f"'{value}" if isinstance(value, str) and value[:1] == "=" else value for value in row] for row in rows]
    content = make.book(texts)

    if is_simple(content):
        assert quickly(content) == carefully(content)


def test_an_ordinary_workbook_takes_the_quick_way(make):
    assert is_simple(make.book([("iccid", "name"), (A, "a b"), (A, 5)]))
    assert is_simple(make.raw(make.row(1, "iccid") + make.row(2, A)))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param('<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>', id="formula"),
        pytest.param('<row r="2" hidden="1"><c r="A2"><v>2</v></c></row>', id="hidden row"),
        pytest.param('<row r="2" ht="0"><c r="A2"><v>2</v></c></row>', id="row without height"),
        pytest.param('<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>', id="error"),
        pytest.param('<row r="2"><c r="A2" t="b"><v>1</v></c></row>', id="true"),
        pytest.param('<row r="2"><c><v>1</v></c></row>', id="no reference"),
        pytest.param('<row r="3"/><row r="2"/>', id="backwards"),
        pytest.param('<row r="2"><c r="B2"/><c r="A2"/></row>', id="cells backwards"),
        pytest.param('<row r="2"><c r="A3"/></row>', id="cell of another row"),
        pytest.param('<row r="20000"><c r="A20000"/></row>', id="far below"),
        pytest.param('<row r="2"><c r="ZZ2"/></row>', id="far to the right"),
        pytest.param('<!-- <row r="2"/> -->', id="comment"),
        pytest.param('<row r="2"><c r="A2" t="inlineStr"><is><t>_x0041_</t></is></c></row>', id="escape"),
        pytest.param('<x:row r="2"/>', id="another name space"),
    ],
)
def test_what_the_scan_does_not_know_goes_to_the_careful_parser(make, rows):
    assert not is_simple(make.raw(make.row(1, "iccid") + rows))


def test_shared_texts_in_a_part_of_another_name_go_to_the_careful_parser(make):
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    with ZipFile(io.BytesIO(make.raw(row, strings=["iccid"]))) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    assert is_simple(make.zip(parts))
    parts["xl/texts.xml"] = parts.pop("xl/sharedStrings.xml")

    assert not is_simple(make.zip(parts))


@pytest.mark.parametrize("text", ["<si><r><t>rich</t></r></si>", "<si><t>a</t><rPh sb='0' eb='1'><t>b</t></rPh></si>"])
def test_shared_texts_that_are_not_plain_go_to_the_careful_parser(make, text):
    with ZipFile(io.BytesIO(make.raw(make.row(1, "iccid"), strings=["x"]))) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    assert is_simple(make.zip(parts))
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b"</sst>", text.encode() + b"</sst>")

    assert not is_simple(make.zip(parts))


# --- limits ---


def test_b81_a_few_cells_far_apart_go_to_the_careful_parser(make):
    def stray(book):
        book.active["IV9000"] = "x"

    content = make.book([("iccid", "name"), (A, "a")], change=stray)

    assert not is_simple(content)
    assert make.outcomes(content)[0] == "A"


def many_strings(make):
    """A hundred megabytes of texts that no packing makes smaller."""
    texts = os.urandom(54_000_000).hex()
    strings = "".join(f"<si><t>{texts[at : at + 9_000]}</t></si>" for at in range(0, len(texts), 9_000))
    with ZipFile(io.BytesIO(make.raw(make.row(1, "iccid") + make.row(2, A), strings=[]))) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b"</sst>", strings.encode() + b"</sst>")
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return target.getvalue()


def long_strings(make):
    """A text of 9,000 characters that thousands of cells share."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 60_000))
    return make.raw(make.row(1, "iccid") + rows, strings=["x" * 9_000])


@pytest.mark.parametrize("made", [many_strings, pytest.param(long_strings, marks=pytest.mark.long)])
def test_a_child_that_takes_too_much_is_one_typed_refusal(make, made):
    refusal = make.refusal(made(make), limits={"max_megabytes": 128})

    assert refusal.code == FileCode.TOO_LARGE


def test_a_child_that_takes_too_long_is_ended(make, monkeypatch):
    monkeypatch.setattr(book_parent, "_COMMAND", (sys.executable, "-c", "while True: pass"))
    monkeypatch.setattr(book_parent, "_GRACE_SECONDS", 0)

    assert "takes more than 1 s" in str(make.refusal(make.book([("iccid",), (A,)]), limits={"max_seconds": 1}))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "memory"),
        ("raise SystemExit(3)", "made the reader of workbooks fail"),
        ('print(\'["rows",1,[["iccid"]]]\')', "made the reader of workbooks fail"),
        ("print('[\"end\",[],0]', end='')", "made the reader of workbooks fail"),
        ("print('no json')", "made the reader of workbooks fail"),
    ],
)
def test_a_child_that_does_not_come_through_is_one_typed_refusal(make, monkeypatch, code, words):
    monkeypatch.setattr(book_parent, "_COMMAND", (sys.executable, "-c", code))

    assert words in str(make.refusal(make.book([("iccid",), (A,)])))


def test_a_child_gets_no_password_and_no_open_file_of_ours(make, monkeypatch, tmp_path):
    told = tmp_path / "told"
    look = (
        f"import os; open({str(told)!r}, 'w').write(' '.join(os.environ) + ' ' + ' '.join(os.listdir('/proc/self/fd')))"
    )
    monkeypatch.setenv("PREACTIVE_ACCOUNTS__T__PASSWORD", "canary")
    monkeypatch.setattr(book_parent, "_COMMAND", (sys.executable, "-c", look))
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        make.refusal(make.book([("iccid",), (A,)]))
        words = told.read_text().split()

        assert not [word for word in words if word.startswith("PREACTIVE")]
        assert str(ours.fileno()) not in words or ours.fileno() < 5


def test_the_outline_names_the_sheets_in_their_order(make):
    def add(book):
        book.create_sheet("Second").sheet_state = "hidden"

    with ZipFile(io.BytesIO(make.book([("iccid",)], change=add))) as archive:
        assert [(s.title, s.state) for s in read_outline(archive, name="x")] == [
            ("Sheet", "visible"),
            ("Second", "hidden"),
        ]


def test_b76_a_cell_of_many_megabytes_is_refused_within_the_limits(make):
    stream = io.BytesIO(make.raw(make.row(1, "iccid") + make.row(2, A)))
    with ZipFile(stream) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    cell = os.urandom(1).hex().encode() + b"".join(b"%06d" % n for n in range(3_000_000))
    parts[SHEET] = parts[SHEET].replace(A.encode(), cell)
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)

    assert make.refusal(target.getvalue()).code == FileCode.TOO_LARGE
