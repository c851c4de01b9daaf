"""Rows without a name: the name that would be made for them must be one the platform takes."""

import pytest

from domain.labels import Naming
from domain.requests import ProvisionRequest
from tests.support.works import account

A, B = "8944500000000079364", "8944500000000158556"
PATTERN = "[A-Za-z0-9 _-]{1,24}"


@pytest.mark.parametrize("text", ["iccid\n{A}\n{B}\n", "iccid,name\n{A},\n{B},\n"])
@pytest.mark.parametrize(
    ("batch", "expected"), [("july", "AA"), ("a-name-of-twenty-chars", "RR"), ("jülî", "RR"), ("july\u202e", "RR")]
)
def test_a_made_name_that_does_not_fit_rejects_its_row(make, text, batch, expected):
    content = text.format(A=A, B=B)
    found = make.read(content, naming=Naming("{batch}-{row:06d}", batch), name_pattern=PATTERN)

    assert "".join(row.outcome.value[0].upper() for row in found.rows) == expected
    for row in found.rejected:
        assert row.problems[0].code in {"name_characters", "name_length"}
        assert "made for this row" in row.problems[0].reason
        assert row.original[0] in (A, B)


def test_a_row_with_a_name_of_its_own_needs_no_made_one(make):
    found = make.read(f"iccid,name\n{A},own\n{B},\n", naming=Naming("{batch}", "ü"), name_pattern=PATTERN)

    assert [row.outcome.value for row in found.rows] == ["accepted", "rejected"]


def test_the_batch_of_a_request_is_its_own_name_or_that_of_its_file():
    assert ProvisionRequest(file="/in/my file.csv").naming(account()).batch == "my-file"
    assert ProvisionRequest(file="x.csv", batch="my batch").naming(account()).batch == "my batch"
