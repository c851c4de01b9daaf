"""The planted defects still have their place; `python -m tests.planted` shows that each is found."""

import pytest

from tests.planted.__main__ import ROOT
from tests.planted.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_defect_has_one_place_and_tests_that_exist(bug):
    assert (ROOT / bug.file).read_text(encoding="utf-8").count(bug.old) == 1
    assert bug.new != bug.old
    assert all((ROOT / test).is_file() for test in bug.found_by)
