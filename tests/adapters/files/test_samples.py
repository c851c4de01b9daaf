"""The sample files: made the same every time, and what they are said to be."""

from pathlib import Path

import pytest

from adapters.files.reader import read_manifest
from adapters.files.samples import make_samples
from domain.errors import FileRefused
from domain.problems import RowCode

SAMPLES = Path(__file__).parents[3] / "data" / "samples"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return {path.name: path for path in make_samples(folder)}


def test_the_stored_samples_are_those_that_are_made(made):
    for name, path in made.items():
        assert (SAMPLES / name).read_bytes() == path.read_bytes(), name


def test_the_clean_sample_has_500_good_rows(made):
    assert read_manifest(made["clean-500.xlsx"]).numbers() == {
        "rows": 500,
        "accepted": 500,
        "rejected": 0,
        "duplicates": 0,
        "blank": 0,
    }


def test_the_demo_sample_has_bad_rows_of_many_kinds_but_too_few_to_hold_the_batch(made):
    found = read_manifest(made["demo.xlsx"])
    codes = [row.problems[0].code for row in found.rejected]

    assert found.numbers() == {"rows": 240, "accepted": 229, "rejected": 9, "duplicates": 1, "blank": 1}
    assert len(set(codes)) == len(codes)
    assert {"not_text", "luhn"} < set(codes)
    assert found.reject_ratio < 0.05


def test_the_mixed_sample_shows_every_reason_that_a_text_file_can_give(made):
    found = read_manifest(made["mixed.csv"])
    esims = read_manifest(made["esims.csv"])
    shown = {row.problems[0].code for row in [*found.rejected, *esims.rejected]}
    by_setting = {RowCode.NAME_MISSING, RowCode.NAME_REPEATED, RowCode.FORMULA}
    by_column = {RowCode.CONTRADICTION}  # needs a column such as Status

    assert shown == set(RowCode) - by_setting - by_column
    assert all(count > 0 for count in found.counts.values())


def test_the_damaged_sample_has_no_number_left(made):
    with pytest.raises(FileRefused, match="60 of 60 cells of the column 'ICCID' are numbers") as refusal:
        read_manifest(made["damaged.xlsx"])

    assert refusal.value.code == "damaged"


def test_the_stock_list_holds_the_good_numbers_of_both_workbooks(made):
    stock = made["stock.txt"].read_text().split()

    assert len(stock) == len(set(stock)) == 729
    assert all(number.startswith("8944") for number in stock)
