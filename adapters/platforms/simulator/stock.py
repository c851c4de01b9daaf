"""Invented SIM cards: the same seed always gives the same ICCIDs."""

import csv
import random
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

ICCID_PREFIX = "8944"
SMDP_HOST = "smdp.example.com"
SIM_PRODUCT = "IPP Consumer eUICC LPWAN"
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def generate_iccids(count: int, seed: int) -> list[str]:
    """Return `count` distinct ICCIDs; a larger count only adds to the end."""
    return list(islice(_iccids(seed), count))


def _iccids(seed: int) -> Iterator[str]:
    numbers = random.Random(f"iccid|{seed}")  # noqa: S311 - test data
    seen: set[int] = set()
    while True:
        number = numbers.randrange(10**14)
        if number not in seen:
            seen.add(number)
            body = f"{ICCID_PREFIX}{number:014d}"
            yield body + luhn_digit(body)


def luhn_digit(body: str) -> str:
    """Return the check digit that makes `body` Luhn valid."""
    digits = [int(character) for character in body]
    total = sum(digits[-2::-2]) + sum(_DOUBLED[digit] for digit in digits[-1::-2])
    return str(-total % 10)


def read_iccids(path: Path) -> list[str]:
    """Read ICCIDs from the first column of a text or CSV file; lines that hold none, such as a heading, are skipped."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        cells = (row[0].strip() for row in csv.reader(lines) if row)
        return [cell for cell in cells if is_iccid(cell)]


def is_iccid(text: str) -> bool:
    """Tell whether the text has the shape of an ICCID."""
    return text.isascii() and text.isdigit() and len(text) in (19, 20)


def distinct(*sources: Iterable[str]) -> list[str]:
    """Join ICCID lists, keeping the first of each."""
    return list(dict.fromkeys(iccid for source in sources for iccid in source))


def eid_of(iccid: str) -> str:
    """Return a 32-digit eUICC id with valid check digits (ISO 7064 MOD 97-10)."""
    body = "89" + iccid.rjust(28, "0")
    return body + f"{98 - int(body + '00') % 97:02d}"


def imsis_of(number: int) -> list[dict[str, str]]:
    """Return the IMSIs of the n-th SIM, in the range of the test network 001."""
    sponsors = ("Sponsor-One", "Sponsor-Two")
    return [
        {"supplierIMSI": f"0010{index}{number:010d}", "sponsorName": name}
        for index, name in enumerate(sponsors, start=1)
    ]


def activation_code_of(iccid: str) -> dict[str, Any]:
    """Return the eSIM activation code; `smDpPlusAdress` is misspelled on the wire."""
    digest = sha256(iccid.encode()).hexdigest()[:20].upper()
    matching_id = "-".join(digest[start : start + 5] for start in range(0, 20, 5))
    return {
        "textQrCode": f"LPA:1${SMDP_HOST}${matching_id}",
        "smDpPlusAdress": SMDP_HOST,
        "matchingId": matching_id,
    }
