"""Every file of the catalogue on the real reader: outcome, reason and row number."""

import pytest

from adapters.files.reader import read_manifest
from domain.errors import FileRefused
from domain.manifest import Outcome
from domain.supplier import SupplierProfile
from tests.support.case import Case
from tests.support.catalogue import cases
from tests.support.files import Maker

CASES = list(cases())


def outcome(make: Maker, case: Case) -> tuple[str, str, int]:
    """What the reader says of a case, in the words of the catalogue."""
    content = case.content(make)
    path = make.write(content, case.name)
    try:
        found = read_manifest(path, profile=SupplierProfile.model_validate(case.settings))
    except FileRefused as error:
        return str(error.code), "", case.first
    told = [str(row.problems[0].code) if row.outcome is Outcome.REJECTED else row.outcome.value for row in found.rows]
    return "", " ".join(told), found.rows[0].row_no


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id} {case.what}".replace(" ", "-"))
def test_a_file_of_the_catalogue_has_its_outcome(make, case):
    assert outcome(make, case) == (case.refused, case.rows, case.first)
