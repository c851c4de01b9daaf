"""The columns of the catalogue: damage that concerns all rows, ranges, columns that contradict, header names."""

from collections.abc import Iterator
from typing import Any

from domain.iccid import luhn_digit
from tests.support.case import A, B, Case, raw
from tests.support.damage import SIGNATURES, shortest

RANGE_HEAD = "First ICCID,Last ICCID,Quantity"
# Names in real use for the ICCID.
HEADER_NAMES = (
    *("ICC", "ICC No.", "ICC-ID Nummer", "CCID", "UICC ID", "IDENTIFIER", "SSN", "SIM SSN", "SimSerialNumber"),
    *("SIM Serial No.", "Serial Number", "Seriennummer", "card number", "Card ID", "SIM no.", "SIM Card #", "SIM-Nr."),
    *("ICCID (19 digits)", "ICCID 20-stellig", "ICCID (with check digit)", "N° ICCID", "Nº ICCID", "Numéro de série"),
    *("N° carte SIM", "Número de tarjeta SIM", "Codice ICCID", "eSIM ICCID", "Integrated Circuit Card ID"),
)


def number(account: int, *, digits: int = 19) -> str:
    body = f"8944501{account:0{digits - 8}d}"
    return body + luhn_digit(body)


def ten(**options: Any) -> list[str]:
    return [number(account * 7_919 + 17, **options) for account in range(1, 11)]


def column(*cells: str, head: str = "iccid") -> Any:
    return raw("\n".join((head, *cells, "")))


def columns() -> Iterator[Case]:
    for tool, damage in SIGNATURES.items():
        numbers = ten(digits=20 if tool == "Gnumeric" else 19)
        yield Case("C01", f"a column after {tool}", column(*map(damage, numbers)), "damaged")
    bare = [found[:-1] for found in ten()]
    settings = {"lengths": [19], "add_check_digit": [18]}
    yield Case(
        "C02", "numbers without check digit", column(*bare), rows="accepted " * 9 + "accepted", settings=settings
    )
    yield Case("C02", "numbers without check digit after JavaScript", column(*map(shortest, bare)), "damaged",
               settings=settings)  # fmt: skip
    yield Case("C02", "numbers that all lack one digit", column(*bare), "check_digit")
    counting = [f"8944501{account:012d}" for account in range(1, 11)]
    yield Case("C02", "numbers that count up and have wrong check digits", column(*counting), "check_digit")
    yield Case("C03", "one ICCID in all rows", column(*[A] * 5), "damaged")


def ranges() -> Iterator[Case]:
    first, last = number(0), number(3)
    row = f"{first},{last},4"
    option = {"expand_ranges": True}
    yield Case("F02", "first, last and quantity", column(row, head=RANGE_HEAD), "iccid_range")
    yield Case("F02", "first, last and quantity", column(row, head=RANGE_HEAD), rows="accepted " * 3 + "accepted",
               settings=option)  # fmt: skip
    yield Case("F02", "a quantity that is not that of the range", column(f"{first},{last},25", head=RANGE_HEAD),
               "quantity", settings=option)  # fmt: skip
    yield Case("F02", "only ranges in the cells", column(f"{first} - {last}"), "iccid_range")
    yield Case("F02", "a quantity that nobody uses", column(f"{first},25", head="iccid,Quantity"), "iccid_range")
    yield Case("F02", "a second column of ICCIDs", column(f"{first},{last}", head="iccid,To"), "iccid_range")
    yield Case("F02", "a second column of ICCIDs", column(f"{first},{last}", head="iccid,Spare"), rows="accepted",
               settings={"ignore_headers": ["Spare"]})  # fmt: skip
    for name, word in (("Action", "remove"), ("Status", "Terminated"), ("SIM status", "defect")):
        yield Case("F03", f"`{word}` in the column `{name}`", column(f"{A},", f"{B},{word}", head=f"iccid,{name}"),
                   rows="accepted contradiction")  # fmt: skip
    yield Case("F03", "`remove` in a column that is not looked at", column(f"{B},remove", head="iccid,Action"),
               rows="accepted", settings={"ignore_headers": ["Action"]})  # fmt: skip


def headers() -> Iterator[Case]:
    for name in HEADER_NAMES:
        yield Case("B42", f"the header `{name}`", column(A, head=name), rows="accepted")
    yield Case("B42", "the header `ICCID`, `(19 digits)` in two lines", column(A, head='"ICCID\n(19 digits)"'),
               rows="accepted")  # fmt: skip
    yield Case("B39", "a header that nobody knows", column(f"{A},ACME", head="Nummer,Kunde"), "header_missing")
