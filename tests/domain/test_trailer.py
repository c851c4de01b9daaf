"""Lines that end a file."""

import pytest

from domain.trailer import is_trailer, total_of


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["END"], None),
        (["*** end of file ***"], None),
        (["EOF", ""], None),
        (["Ende der Datei"], None),
        (["\x1a"], None),
        (["Total: 500", ""], 500),
        (["", "Total", "1,250"], 1_250),
        (["Total number of SIMs", "25"], 25),
        (["Total SIM cards: 25 pcs"], 25),
        (["Summe 7"], 7),
        (["TRAILER", "00012"], 12),
        (["total"], None),
    ],
)
def test_ends_and_totals_are_known(cells, total):
    assert is_trailer(cells)
    assert total_of(cells) == total


@pytest.mark.parametrize(
    "cells",
    [
        [""],
        ["endpoint 7"],
        ["see delivery note"],
        ["Total 12.50 EUR"],
        ["end", "of", "row"],
        ["8944500000000079364", "END"],
        ["Signed by me"],
        ["# comment"],
    ],
)
def test_everything_else_is_a_row(cells):
    assert not is_trailer(cells)
