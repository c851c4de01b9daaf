"""The activation codes in a file: read beside the rows, never kept with them."""

import pytest
from openpyxl import Workbook

from adapters.files.claim_codes import read_claim_codes
from adapters.files.reader import read_manifest
from adapters.files.samples import sample_iccid
from domain.errors import FileRefused
from domain.supplier import SupplierProfile

PROFILE = SupplierProfile(read_esim=False)
A, B, C = (sample_iccid("89445070", number) for number in (1, 2, 3))
BAD = A[:-1] + str((int(A[-1]) + 1) % 10)


def codes(path):
    return read_claim_codes(path, read_manifest(path, profile=PROFILE), profile=PROFILE)


def write(tmp_path, text):
    path = tmp_path / "sims.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("head", ["Activation code", "activation_code", "ActivationCode", "Claim code"])
def test_the_code_of_each_accepted_row_is_read(tmp_path, head):
    path = write(tmp_path, f"iccid,{head}\n{A},AC-1\n{B},n/a\n{BAD},AC-3\n{C}, AC-4 \n")

    assert codes(path) == {A: "AC-1", C: "AC-4"}


def test_a_workbook_is_read_too(tmp_path):
    book = Workbook()
    for row in (["ICCID", "Activation code"], [A, "0012"], [B, None]):
        book.active.append(row)
    book.save(tmp_path / "sims.xlsx")

    assert codes(tmp_path / "sims.xlsx") == {A: "0012"}


@pytest.mark.parametrize("head", ["", ",Activation code,Claim code"])
def test_a_file_without_the_column_or_with_two_is_refused(tmp_path, head):
    path = write(tmp_path, f"iccid{head}\n{A}{',x' * head.count(',')}\n")
    with pytest.raises(FileRefused, match="since this account claims its SIMs"):
        codes(path)


def test_a_file_that_changed_since_it_was_checked_is_refused(tmp_path):
    path = write(tmp_path, f"iccid,Activation code\n{A},AC-1\n")
    manifest = read_manifest(path, profile=PROFILE)
    write(tmp_path, f"iccid,Activation code\n{A},AC-2\n")
    with pytest.raises(FileRefused, match="changed"):
        read_claim_codes(path, manifest, profile=PROFILE)


def test_a_code_is_neither_in_the_manifest_nor_among_the_cells_that_a_report_shows(tmp_path):
    manifest = read_manifest(write(tmp_path, f"iccid,Activation code\n{A},AC-1\n{BAD},AC-3\n"), profile=PROFILE)

    assert "AC-" not in repr(manifest)
    assert manifest.columns == ("iccid",)
