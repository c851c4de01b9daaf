"""Which faults a simulated Stacuity account can be asked for."""

import pytest
from pydantic import ValidationError

from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.injection import INJECTIONS
from adapters.platforms.simulator.stacuity.profiles import FAULTS


def test_every_fault_that_can_be_asked_for_is_there():
    assert set(INJECTIONS) == FAULTS


def test_a_fault_of_the_other_platform_is_refused_by_name():
    with pytest.raises(ValidationError, match="stacuity has no such fault: bulk_part, odd_tag"):
        StacuityConfig(faults=[{"fault": "odd_tag"}, {"fault": "bulk_part"}])
