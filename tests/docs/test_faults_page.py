"""Every fault of the catalogue is played by a test, and every rule it names exists."""

import re
from typing import get_args

import pytest

from adapters.platforms.simulator.faults import Fault
from adapters.platforms.simulator.injection import INJECTIONS
from tests.docs.pages import DOCS, ROOT, section, spans, table, text_of

PAGE = DOCS / "faults.md"
ROWS = table(text_of(PAGE), "id")
TESTS = "\n".join(path.read_text() for path in sorted((ROOT / "tests" / "faults").glob("test_*.py")))
# These stand in tables of one test for several, or among the long courses of events.
ELSEWHERE = {"f11", "f12", "f13", "f16", "f17", "f18", "f25", "f48"}


def test_the_catalogue_is_complete():
    assert [row[0] for row in ROWS] == [f"F{number:02}" for number in range(1, 49)]


@pytest.mark.parametrize("number", [row[0].lower() for row in ROWS])
def test_every_fault_is_played(number):
    if number == "f48":
        assert "brown_out(" in TESTS
    elif number in ELSEWHERE:
        assert re.search(rf'"{number} |_{number}_', TESTS)
    else:
        assert f"def test_{number}_" in TESTS


def test_every_rule_that_the_catalogue_names_exists_and_the_simulators_page_has_every_fault():
    shown = {name for row in table(section(DOCS / "simulator.md", "Faults"), "Fault") for name in spans(row[0])}

    assert shown == set(get_args(Fault)) == set(INJECTIONS)
    assert set(get_args(Fault)) - {name for row in ROWS for name in spans(row[2])} == {"empty_id"}
