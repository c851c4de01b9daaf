"""Columns of ICCIDs as suppliers write them, and what real tools make of them."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from adapters.files.reader import read_manifest
from domain.errors import FileRefused
from domain.iccid import luhn_digit
from domain.supplier import SupplierProfile
from tests.support.files import Maker

CHECK_DIGIT_ADDED = "check digit added"


class Column(NamedTuple):
    """A column of numbers and the settings of the supplier that wrote it."""

    numbers: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def digits(self) -> int:
        return len(self.numbers[0])


def column(chance: random.Random) -> Column:
    """A column of 18, 19 or 20 digits: adjacent or spread, 5 to 200 rows, with or without check digit and Luhn."""
    digits = chance.choice((18, 19, 20))
    kind = chance.choice(("luhn", "luhn off", "no check digit", "check digit added"))
    account = digits - (kind in {"luhn", "luhn off"})
    settings: dict[str, Any] = {"lengths": [digits], "luhn": "reject" if kind == "luhn" else "off"}
    if kind == "check digit added":
        settings = {"lengths": [digits + 1], "add_check_digit": [digits]}
    numbers = accounts(chance, account, rows=chance.randint(5, 200), adjacent=chance.random() < 0.5)
    with_digit = account < digits
    return Column(tuple(found + luhn_digit(found) if with_digit else found for found in numbers), settings)


def accounts(chance: random.Random, digits: int, *, rows: int, adjacent: bool) -> list[str]:
    """Different account numbers of one issuer."""
    issuer = "89" + f"{chance.randrange(100_000):05d}"
    size = 10 ** (digits - len(issuer))
    first = chance.randrange(size - rows)
    found = range(first, first + rows) if adjacent else chance.sample(range(size), rows)
    return [f"{issuer}{number:0{digits - len(issuer)}d}" for number in found]


def exact_double(text: str) -> str:
    return str(int(float(text)))


def shortest(text: str) -> str:
    return str(int(Decimal(repr(float(text)))))


def fifteen(text: str) -> str:
    return text[:15] + "0" * (len(text) - 15)


def by_eight(text: str) -> str:
    """The nearest number that 64 bits hold, for numbers of 20 digits."""
    step = 1 << max(0, int(text).bit_length() - 64)
    return str((int(text) + step // 2) // step * step)


def thousands(text: str) -> str:
    return f"{int(fifteen(text)):,}".replace(",", ".")


# What each tool makes of a number; one that stands for several of them bears their names.
SIGNATURES: dict[str, Callable[[str], str]] = {
    "LibreOffice, CSV opened and saved": lambda text: f"{float(fifteen(text)):.14E}".replace("E+", "E+0"),
    "LibreOffice .xls, gawk, pandas %.0f": exact_double,
    "pandas read_excel of LibreOffice's number cells": lambda text: exact_double(fifteen(text)),
    "Gnumeric": by_eight,
    "exceljs, SheetJS, csv-parse, jq 1.6, xlsx2csv": shortest,
    "Excel, PostgreSQL ::numeric": fifteen,
    "csvkit, DuckDB, PyArrow": lambda text: repr(float(text)),
    "mawk": lambda text: f"{float(text):.4e}",
    "Miller": lambda text: "(error)",
    "SQLite CAST, PHP": lambda text: "9223372036854775807",
    "mawk %d": lambda text: "2147483647",
    "spreadsheet with separators": thousands,
}


def damaged(found: Column, signature: str) -> Column | None:
    """The column after a tool; None if this tool leaves it alone."""
    numbers = tuple(map(SIGNATURES[signature], found.numbers))
    return None if numbers == found.numbers else Column(numbers, found.settings)


def verdict(make: Maker, found: Column) -> str:
    """What the reader says of a file of that column: refused, told (rejected rows, a note) or accepted."""
    path = make.write("iccid\n" + "\n".join(found.numbers) + "\n")
    try:
        manifest = read_manifest(path, profile=SupplierProfile.model_validate(found.settings))
    except FileRefused:
        return "refused"
    numbers = manifest.numbers()
    notes = [note for note in manifest.notes if CHECK_DIGIT_ADDED not in note]
    if numbers["rejected"] or notes:
        return "told"
    return "accepted" if numbers["accepted"] == numbers["rows"] else "collapsed without a word"


def columns(seed: int, count: int) -> Iterator[Column]:
    chance = random.Random(seed)
    return (column(chance) for _ in range(count))


def damaged_columns(seed: int, count: int) -> Iterator[tuple[str, Column]]:
    """So many columns that a tool damaged, each tool in turn."""
    chance = random.Random(seed)
    made = 0
    while made < count:
        for signature in SIGNATURES:
            after = damaged(column(chance), signature)
            if after is not None and made < count:
                made += 1
                yield signature, after
