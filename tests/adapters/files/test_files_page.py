"""The page on files says what the code does: every reason, every setting, every header name."""

import re
from pathlib import Path

import pytest

from adapters.files.samples import make_samples
from domain.header import REASON_COLUMNS, find_header
from domain.problems import FileCode, RowCode
from domain.supplier import FileLimits, SupplierProfile

PAGE = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([^`]+)`", PAGE))


def section(title):
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def first_column(text):
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]


def test_every_reason_of_a_row_is_explained_once():
    assert sorted(first_column(section("What happens to a row"))) == sorted(RowCode)


def test_every_reason_of_a_file_is_explained_once():
    assert sorted(first_column(section("When the whole file is refused"))) == sorted(FileCode)


def test_every_setting_is_explained_once():
    assert sorted(first_column(section("Settings of a supplier"))) == sorted(SupplierProfile.model_fields)
    assert set(FileLimits.model_fields) < WORDS


@pytest.mark.parametrize("field", ["EID", "SM-DP+ address", "matching id", "activation code"])
def test_every_name_of_an_esim_column_is_known(field):
    [line] = [line for line in section("Columns").splitlines() if line.startswith(f"| {field} ")]
    key = {"SM-DP+ address": "smdp_address"}.get(field, field.lower().replace(" ", "_"))

    for name in re.findall(r"`([^`]+)`", line):
        assert dict(find_header([["ICCID", name]], SupplierProfile()).esim) == {key: 1}, name


@pytest.mark.parametrize("field", ["ICCID", "name", "tags"])
def test_every_header_name_of_the_page_is_known(field):
    [line] = [line for line in section("Columns").splitlines() if line.startswith(f"| {field} ")]
    names = re.findall(r"`([^`]+)`", line)

    assert names
    for name in names:
        columns = [name] if field == "ICCID" else ["ICCID", name]
        assert getattr(find_header([columns], SupplierProfile()), field.lower()) == len(columns) - 1, name


def test_every_wider_header_name_of_the_page_is_known():
    [line] = [line for line in section("Columns").splitlines() if line.startswith("| the same, ")]

    for name in re.findall(r"`([^`]+)`", line):
        assert find_header([["Customer", name]], SupplierProfile()).iccid == 1, name


def test_the_reason_columns_and_the_samples_are_named(tmp_path):
    assert set(REASON_COLUMNS) < WORDS
    assert {path.name for path in make_samples(tmp_path)} < WORDS
