"""Delimited text (CSV and its relatives) by Python's csv module, strictly."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import NoReturn

from adapters.files.table import HEAD_ROWS, Columns, Piece, Row, batched, notes_on
from adapters.files.text_source import TextSource
from domain.errors import FileRefused
from domain.header import Header, find_header
from domain.problems import FileCode
from domain.supplier import SupplierProfile

DELIMITERS = ",;\t|"
HEAD_CHARS = 256 * 1024
CHUNK_CHARS = 256 * 1024


class TextTable:
    """A table in a text file."""

    def __init__(self, source: TextSource, profile: SupplierProfile) -> None:
        self._source = source
        self._name = source.name
        self._limit = profile.limits.max_field_chars
        self._has_sep = False
        self._has_sep, named = self._separator_line()
        self.delimiter, self.header = self._choose(named, profile)
        if len(self.header.columns) > profile.limits.max_columns:
            raise FileRefused(
                FileCode.RANGE,
                f"{source.name!r} has {len(self.header.columns)} columns; remove those that are not needed.",
            )
        self.notes = notes_on(self.header)
        self.kind = f"text in {source.encoding} with the delimiter {self.delimiter!r}"

    def pieces(self) -> Iterator[Piece]:
        """Yield the rows below the header: plain lines are split at once, from the first quote on by the csv module."""
        row_no = line = self.header.row_index + 2 + self._has_sep
        width = len(self.header.columns)
        with self._text() as text, _field_limit(self._limit):
            line = 1 + self._has_sep + self._skip_header(text)
            while chunk := text.read(CHUNK_CHARS):
                chunk += text.readline()
                columns = self._split(chunk, width)
                if columns is not None:
                    yield Columns(row_no, columns)
                    size = len(columns[0])
                elif '"' in chunk:  # a quoted field may go on beyond the chunk
                    rows = self._by_csv(chain(_lines(chunk), iter(text.readline, "")), row_no, line)
                    yield from batched(rows, width)
                    return
                else:
                    few = list(self._by_csv(_lines(chunk), row_no, line))
                    yield from batched(few, width)
                    size = len(few)
                row_no += size
                line += size

    def _skip_header(self, text: io.TextIOWrapper) -> int:
        """Read up to the end of the header, and return how many lines that were."""
        reader = csv.reader(iter(text.readline, ""), delimiter=self.delimiter, strict=True)
        try:
            for _ in range(self.header.row_index + 1):
                next(reader)
        except csv.Error as error:
            self._refuse(error, reader.line_num)
        return reader.line_num

    def _split(self, chunk: str, width: int) -> list[list[str]] | None:
        """Return the columns of whole lines without quotes, all of one width; None if they are anything else."""
        if '"' in chunk:
            return None
        lines = chunk.count("\n")
        if "\r" in chunk:
            if not chunk.count("\r") == chunk.count("\r\n") == lines:
                return None
            chunk = chunk.replace("\r\n", "\n")
        if not chunk.endswith("\n"):
            chunk += "\n"
            lines += 1
        if not self._has_short_lines(chunk):
            return None
        # A line end is made a field of its own: if it stands at the same place everywhere, every line has the width.
        cells = chunk.replace("\n", f"{self.delimiter}\n{self.delimiter}").split(self.delimiter)
        if len(cells) != lines * (width + 1) + 1 or cells[width :: width + 1].count("\n") != lines:
            return None
        return [cells[nth : -1 : width + 1] for nth in range(width)]

    def _has_short_lines(self, chunk: str) -> bool:
        """Tell quickly that no line, and so no field, can be longer than a field may be."""
        step = self._limit // 2
        return all(chunk.find("\n", at, at + step) >= 0 for at in range(0, len(chunk) - step, step))

    def _by_csv(self, lines: Iterator[str], row_no: int, line: int) -> Iterator[Row]:
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        end = 0
        try:
            for number, cells in enumerate(reader, row_no):
                yield number, cells, None
                end = reader.line_num
        except csv.Error as error:
            self._refuse(error, end + line)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        with self._source.open() as text:
            if self._has_sep:
                text.readline()
            yield text

    def _separator_line(self) -> tuple[bool, str]:
        """Return whether the file starts with a line such as `sep=;`, and the delimiter it names."""
        with self._text() as text:
            line = text.readline(16).rstrip("\r\n").strip('"')
        named = line[4:] if line[:4].lower() == "sep=" else ""
        if named and named not in tuple(DELIMITERS):
            raise FileRefused(
                FileCode.QUOTES, f"{self._name!r} names {named!r} as its delimiter; use one of , ; tab |."
            )
        return bool(named), named

    def _choose(self, named: str, profile: SupplierProfile) -> tuple[str, Header]:
        """Try the delimiters on the first rows and keep the one that shows a header."""
        found: list[tuple[int, str, Header]] = []
        refusals: list[FileRefused] = []
        for delimiter in named or DELIMITERS:
            try:
                header = find_header(self._head(delimiter), profile)
            except FileRefused as error:
                refusals.append(error)
            else:
                found.append((-len(header.columns), delimiter, header))
        if not found:
            raise max(refusals, key=_telling)
        _, delimiter, header = min(found, key=lambda choice: choice[0])
        return delimiter, header

    def _head(self, delimiter: str) -> list[list[str]]:
        rows: list[list[str]] = []
        with self._text() as text, _field_limit(self._limit):
            head = io.StringIO(text.read(HEAD_CHARS), newline="")
            reader = csv.reader(head, delimiter=delimiter, strict=True)
            try:
                for _, row in zip(range(HEAD_ROWS), reader, strict=False):
                    rows.append(row)
            except csv.Error as error:
                if not rows:
                    self._refuse(error, 1)
        return rows

    def _refuse(self, error: csv.Error, line: int) -> NoReturn:
        if "field larger" in str(error):
            raise FileRefused(
                FileCode.TOO_LARGE,
                f"{self._name!r} has a field of more than {self._limit:,} characters in line {line}; "
                "an opening quote may never be closed.",
            ) from error
        raise FileRefused(
            FileCode.QUOTES,
            f"{self._name!r} breaks the rules of quoting in line {line}: a quote stays open, or text follows it; "
            "correct that line and hand the file in again.",
        ) from error


def _lines(chunk: str) -> Iterator[str]:
    return iter(io.StringIO(chunk, newline="").readline, "")


def _telling(refusal: FileRefused) -> int:
    """Rank refusals under different delimiters: who found a header and dislikes it knows more than who found none."""
    return {FileCode.QUOTES: 0, FileCode.TOO_LARGE: 0, FileCode.HEADER_MISSING: 1}.get(FileCode(refusal.code), 2)


@contextmanager
def _field_limit(limit: int) -> Iterator[None]:
    """Set the csv module's own limit, which is global, only while rows are read."""
    before = csv.field_size_limit(limit)
    try:
        yield
    finally:
        csv.field_size_limit(before)
