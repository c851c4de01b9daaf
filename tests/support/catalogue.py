"""The catalogue of files: what each is, how it is made, and what the reader makes of it.

The golden tests run it, and docs/files.md shows it. Nothing here is stored as a file.
"""

import codecs
import gzip
from collections.abc import Callable, Iterator
from typing import Any

from adapters.files.samples import sample_eid
from domain.iccid import luhn_digit
from tests.support.case import GOOD, HEAD, A, B, C, Case, archive, raw, text
from tests.support.catalogue_books import hostile, workbooks
from tests.support.catalogue_columns import columns, headers, ranges
from tests.support.files import Maker

A20 = "89445000000000793641"
NOTE = "Delivery 7"
EID = sample_eid(1)
CODE = "LPA:1$smdp.example.com$"


def zeros(number: int) -> str:
    """An ICCID after a spreadsheet kept fifteen digits of it."""
    return f"894450010219{number:03d}0000"


def float_damaged(number: int) -> str:
    return str(int(float(8944500102198300000 + number * 1024 * 7) // 1024) * 1024)


def wrong(iccid: str) -> str:
    return f"{iccid[:9]}{(int(iccid[9]) + 1) % 10}{iccid[10:]}"


def full_width(iccid: str) -> str:
    return iccid.translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})


def luhn_valid_zeros() -> str:
    return next(found for number in range(1000) if luhn_digit((found := zeros(number))[:-1]) == "0")


OUT = """*HEADER DESCRIPTION
***************************************
Customer        : Example
Batch No        : 2026112101
Quantity        : 2
Transport_key   : 1
*INPUT VARIABLES
var_In:
 ICCID: {first}
*OUTPUT VARIABLES
var_Out: ICCID/IMSI/PIN1/KI
{rows}
"""


def vendor(*rows: str, first: str = A[:-1] + "0", quantity: str = "Quantity        : 2") -> Callable[[Maker], str]:
    return lambda _: OUT.format(first=first, rows="\n".join(rows)).replace("Quantity        : 2", quantity)


def out_row(iccid: str, separator: str = " ") -> str:
    return separator.join((f"{iccid}F", "901700000000001", "1234", "AC63" * 8))


def nested(_: Maker) -> bytes:
    return gzip.compress(gzip.compress((HEAD + GOOD).encode()))


def cases() -> Iterator[Case]:
    """The whole catalogue."""
    yield from empty_and_encoded()
    yield from icc_ids()
    yield from columns()
    yield from ranges()
    yield from tables()
    yield from labels()
    yield from esims()
    yield from vendors()
    yield from packed()
    yield from workbooks()
    yield from hostile()


def empty_and_encoded() -> Iterator[Case]:
    line = HEAD + GOOD
    yield Case("B01", "0 bytes", raw(b""), "empty")
    yield Case("B01", "only a BOM", raw(codecs.BOM_UTF8), "empty")
    yield Case("B01", "only blank lines", raw("\n \r\n\n"), "empty")
    yield Case("B02", "a header and no rows", text(), "no_rows")
    yield Case("B03", "one good row", text(GOOD.strip()), rows="accepted")
    yield Case("B05", "UTF-8 with a BOM", raw(codecs.BOM_UTF8 + line.encode()), rows="accepted")
    yield Case("B05", "a BOM before a quoted header", raw(f'\ufeff"iccid","name"\n{GOOD}'), rows="accepted")
    yield Case("B06", "UTF-16 LE with a BOM", raw(codecs.BOM_UTF16_LE + line.encode("utf-16-le")), rows="accepted")
    yield Case("B06", "UTF-16 BE with a BOM", raw(codecs.BOM_UTF16_BE + line.encode("utf-16-be")), rows="accepted")
    yield Case("B06", "UTF-16 without a BOM", raw(line.encode("utf-16-le")), "encoding")
    yield Case("B07", "UTF-32", raw(line.encode("utf-32")), "encoding")
    yield Case("B07", "UTF-7", raw(b"+/v8-" + line.encode()), "encoding")
    yield Case("B07", "EBCDIC", raw(line.encode("cp500")), "encoding")
    umlaut = (HEAD + f"{A},Zürich\n").encode("cp1252")
    yield Case("B08", "Windows-1252 letters", raw(umlaut), "encoding")
    yield Case("B08", "Windows-1252 letters", raw(umlaut), rows="accepted", settings={"encoding": "cp1252"})
    yield Case("B09", "a byte in the middle that is no UTF-8", raw(line.encode() + b"\xc3\x28\n"), "encoding")
    yield Case("B10", "a NUL in an ICCID", text(f"{A}\0,a"), "nul")


def icc_ids() -> Iterator[Case]:
    def one(id_: str, what: str, iccid: str, code: str, **settings: Any) -> Case:
        return Case(id_, what, text(f'"{iccid.replace(chr(34), chr(34) * 2)}",a', f"{B},b"), rows=f"{code} accepted",
                    settings=settings)  # fmt: skip

    yield one("B13", "a no-break space before and an ideographic one behind", f"\u00a0{A}\u3000", "accepted")
    yield one("B14", "digits in groups", "8944 5000 0000 0079 364", "grouped")
    yield one("B14", "digits in groups", "8944-5000-0000-0079-364", "accepted", allow_grouping=True)
    yield one("B15", "full-width digits", full_width(A), "not_digits")
    for number in ("8944_5000", f"+{A}", f"0x{A}", "8.9445E+18", "8,94E+18", "8944500000000079364.0"):
        yield one("B17", f"`{number}`", number, "damaged")
    yield one("B18", "four zeros at the end", zeros(1), "trailing_zeros")
    yield one("B18", "four zeros at the end, right check digit", luhn_valid_zeros(), "trailing_zeros")
    yield Case("B19", "two rows with zeros after digit 15", text(f"{zeros(1)},a", f"{zeros(1)[:-5]}00000,b"), "damaged")
    yield Case("B19", "several multiples of 1,024", text(*(f"{float_damaged(n)},n{n}" for n in range(5))), "damaged")
    yield one("B22", "an apostrophe before the number", f"'{A}", "accepted")
    yield one("B23", 'written as `="…"`', f'="{A}"', "excel_quote")
    yield one("B23", 'written as `="…"`', f'="{A}"', "accepted", allow_excel_quote=True)
    for length in (17, 18, 21, 22, 23):
        yield one("B24", f"{length} digits", (A20 + "1111")[:length], "length")
    yield one("B24", "22 digits", "8944500000000079364110", "accepted", lengths=[19, 22], luhn="off")
    yield one("B24", "18 digits, the check digit left out", A[:-1], "accepted", lengths=[19], add_check_digit=[18])
    for prefix in ("SIM:", "ICCID:", "+CCID: "):
        yield one("B25", f"the prefix `{prefix.strip()}`", prefix + A, "accepted")
    yield one("B17", "separators of thousands and a lost tail", "8.944.501.000.000.080.000", "damaged")
    yield one("B17", "`nan`, as a program writes for nothing", "nan", "damaged")
    yield one("B17", "the largest number of a program", "9223372036854775807", "damaged")
    yield one("F02", "two numbers in one cell", f"{A}-{B}", "iccid_range")
    yield one("B25", "a filler F after 19 digits", f"{A}F", "accepted")
    yield one("B26", "letters of hexadecimal", f"{A[:10]}A{A[11:]}", "hex_letters")
    yield one("B27", "the card's byte order", "984405000000009763F4", "nibble_swapped")
    yield one("B28", "a wrong check digit", A[:-1] + "5", "luhn")
    yield one("B28", "a wrong check digit", A[:-1] + "5", "accepted", luhn="warn")
    yield one("B29", "the last digit missing", A[:-1], "length")
    yield one("B30", "one digit mistyped", wrong(A), "luhn")
    yield one("B31", "an IMSI", "901700000000001", "length")
    yield one("B31", "an EID", EID, "length")
    yield one("B31", "a phone number", "+4915112345678", "length")
    other = "12" + A[2:-1]
    yield one("B32", "another prefix", other + luhn_digit(other), "prefix")
    yield Case("B33", "the same row twice", text(f"{A},a", f"{A},a"), rows="accepted duplicate")
    yield Case("B34", "the same ICCID with two names", text(f"{A},a", f"{A},b"), rows="conflict conflict")
    short = "8944500000000079364"
    yield Case("B35", "a number and the same with one more digit",
               text(f"{short},a", f"{short}{luhn_digit(short)},b"), rows="collision collision")  # fmt: skip


def tables() -> Iterator[Case]:
    good = GOOD.strip()
    yield Case("B39", "data in the first row", raw(GOOD), "header_missing")
    yield Case("B39", "data in the first row", raw(GOOD), rows="accepted", first=1, settings={"headerless": True})
    yield Case("B41", "a column twice", raw(f"iccid,iccid\n{A},{B}\n"), "column_repeated")
    for name in ("Karten-Nr.", "ICC ID", "SIM number (ICCID)"):
        yield Case("B42", f"the header `{name}`", raw(f"{name},Bezeichnung\n{GOOD}"), rows="accepted")
    yield from headers()
    yield Case("B42", "a title line above the header", raw(f"{NOTE}\n{HEAD}{GOOD}"), rows="accepted", first=3)
    yield Case("B43", "no column is the ICCID", raw(f"name,imsi\na,{A}\n"), "header_missing")
    yield Case("B43", "two columns could be the ICCID", raw(f"iccid,sim number\n{A},{B}\n"), "header_ambiguous")
    yield Case("B44", "other order, more columns", raw(f"note,name,iccid\nx,a,{A}\n"), rows="accepted")
    yield Case("B45", "more and fewer fields than the header", text(f"{A},a,x", B), rows="row_length row_length")
    for delimiter, name in ((";", "semicolon"), ("\t", "tab"), ("|", "bar")):
        yield Case("B46", f"delimiter {name}", raw((HEAD + GOOD).replace(",", delimiter)), rows="accepted")
    yield Case("B46", "a first line `sep=;`", raw(f"sep=;\niccid;name\n{A};a\n"), rows="accepted", first=3)
    yield Case("B48", "the delimiter changes below", text(good, f"{B};b"), rows="accepted row_length")
    yield Case("B49", "a quote that stays open", raw(HEAD + f'{A},"open\n{B},b\n'), "quotes")
    yield Case("B50", "text behind a closing quote", raw(HEAD + f'{A},"a"b\n'), "quotes")
    for end, name in (("\r", "CR"), ("\r\n", "CR LF")):
        yield Case("B52", f"line ends {name}", raw((HEAD + GOOD).replace("\n", end)), rows="accepted")
    yield Case("B52", "no line end at the end", raw((HEAD + GOOD).strip()), rows="accepted")
    yield Case("B53", "a field of 140,000 characters", text(f"{A},{'x' * 140_000}"), "too_large")
    yield Case("B54", "a line of 3 MB without an end", raw(HEAD + "x" * 3_000_000), "too_large")
    yield Case("B55", "a blank line, and a name without an ICCID", text(good, "", ",b"), rows="accepted blank missing")
    for line in ("Total: 1,", "END,", "\x1a"):
        what = {"\x1a": "Ctrl-Z"}.get(line, f"`{line.strip(',')}`")
        rows = "accepted" if line == "\x1a" else "accepted blank"
        yield Case("B56", f"{what} behind the last SIM", text(good, line), rows=rows)
    yield Case("B56", "a total that is another than the SIMs", text(good, "Total: 500,"), "quantity")
    yield Case("B56", "a remark behind the last SIM", text(good, "see delivery note,"), rows="accepted not_digits")
    yield Case("F01", "columns kept apart by blanks", raw(f"ICCID IMSI\n{A} 901700000000001\n{B}  901700000000002\n"),
               rows="accepted accepted")  # fmt: skip


def labels() -> Iterator[Case]:
    def named(id_: str, what: str, name: str, code: str, **settings: Any) -> Case:
        quoted = name.replace('"', '""')
        return Case(id_, what, text(f'{A},"{quoted}"', f"{B},b"), rows=f"{code} accepted", settings=settings)

    yield named("B11", "an escape sequence in the name", "a\x1b[31mb", "name_characters")
    yield named("B57", "a name of 10,000 characters", "x" * 10_000, "name_length")
    yield named("B57", "letters that read from right to left, by an invisible mark", "a\u202eb", "name_characters")
    yield named("B57", "an emoji in the name", "van \U0001f69a", "accepted")
    yield named("B57", "an emoji where the platform takes 64 plain letters", "van \U0001f69a", "name_characters",
                name_pattern="[A-Za-z0-9 _-]{1,64}")  # fmt: skip
    yield named("B57", "no name", "", "accepted")
    yield named("B57", "no name", "", "name_missing", require_name=True)
    yield Case("B58", "one name for two SIMs", text(f"{A},a", f"{B},a"), rows="accepted accepted")
    yield Case("B58", "one name for two SIMs", text(f"{A},a", f"{B},a"), rows="name_repeated name_repeated",
               settings={"unique_names": True})  # fmt: skip
    for start in ("=1+1", "+1", "-1", "@x"):
        yield named("B60", f"the name `{start}`", start, "accepted")
    head = "iccid,tags\n"
    tags = {
        "tag_length": "x" * 101, "tag_empty": "a;;b", "tag_repeated": "a;a", "tag_characters": "a/b",
        "tag_count": ";".join(f"t{n}" for n in range(11)),
    }  # fmt: skip
    for code, cell in tags.items():
        yield Case("B61", code.replace("_", " "), text(f"{A},{cell}", f"{B},b", head=head), rows=f"{code} accepted")
    yield Case("B62", "the tag `op:x`", text(f"{A},op:x", f"{B},b", head=head), rows="tag_reserved accepted")


def esims() -> Iterator[Case]:
    head = "iccid,eid,smdp address,matching id,lpa string\n"

    def esim(what: str, cells: str, code: str, **settings: Any) -> Case:
        return Case("E01", what, text(f"{A},{cells}", f"{B},,,,", head=head), rows=f"{code} accepted",
                    settings=settings)  # fmt: skip

    yield esim("all parts, alike", f"{EID},smdp.example.com,K1,{CODE}K1", "accepted")
    yield esim("an EID with wrong check digits", f"{EID[:-2]}00,,,", "eid")
    yield esim("an address with https://", ",https://smdp.example.com,K1,", "accepted")
    yield esim("an address with a path", ",https://smdp.example.com/gsma,K1,", "smdp_address")
    yield esim("fillers such as n/a", "n/a,-,NotApplicable,none", "accepted")
    yield esim("a matching id without an address", ",,K1,", "smdp_address")
    yield esim("a matching id without an address", ",,K1,", "accepted", smdp_address="smdp.example.com")
    yield esim("a matching id with a blank", ",smdp.example.com,K 1,", "matching_id")
    yield esim("another form than `1$…$…`", ",,,LPA:2$x", "activation_code")
    yield esim("another form than `1$…$…`", ",,,LPA:2$x", "accepted", read_esim=False)
    yield esim("matching id and activation code differ", f",,K2,{CODE}K1", "esim_conflict")
    yield Case("E02", "one activation code for two SIMs", text(f"{A},,,,{CODE}K1", f"{B},,,,{CODE}K1", head=head),
               rows="esim_repeated esim_repeated")  # fmt: skip


def vendors() -> Iterator[Case]:
    for separator, name in ((" ", "blanks"), (",", "commas"), ("/", "slashes")):
        rows = (out_row(A, separator), out_row(B, separator))
        yield Case("V01", f"a vendor's `.out` file, fields split by {name}", vendor(*rows), rows="accepted accepted",
                   first=12)  # fmt: skip
    yield Case("V01", "a vendor's file that ends in `END`", vendor(out_row(A), out_row(B), "END"),
               rows="accepted accepted", first=12)  # fmt: skip
    yield Case("V01", "a vendor's file that ends in Ctrl-Z", vendor(out_row(A), out_row(B), "\x1a"),
               rows="accepted accepted", first=12)  # fmt: skip
    yield Case("V02", "fewer SIMs than its quantity says", vendor(out_row(A)), "quantity")
    yield Case("V02", "a misspelt `Quanitity`", vendor(out_row(A), quantity="Quanitity : 1"), rows="accepted", first=12)
    yield Case("V03", "the head names another first ICCID", vendor(out_row(B), out_row(C)), "quantity")
    yield Case("V04", "a row with a field too few", vendor(out_row(A), f"{B}F 901700000000001 1234"),
               rows="accepted row_length", first=12)  # fmt: skip


def packed() -> Iterator[Case]:
    line = (HEAD + GOOD).encode()
    yield Case("Z01", "gzip of a CSV", raw(gzip.compress(line)), rows="accepted", name="sims.csv.gz")
    yield Case("Z01", "zip of one CSV", archive(("sims.csv", line)), rows="accepted", name="sims.zip")
    yield Case("Z02", "zip of two files", archive(("a.csv", line), ("b.csv", line)), "type")
    yield Case("Z03", "an archive in an archive", nested, "type")
    yield Case("Z04", "gzip that was cut off", raw(gzip.compress(line)[:-6]), "broken")
    yield Case("Z05", "30 MB of blanks in 30 KB", raw(gzip.compress(b" " * 30_000_000)), "too_large")
    yield Case("Z06", "zip of `../sims.csv`", archive(("../sims.csv", line)), "broken")
