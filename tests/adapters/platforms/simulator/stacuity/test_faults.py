"""Which faults a simulated Stacuity account can be asked for."""

import pytest
from pydantic import ValidationError

from adapters.platforms.simulator.stacuity.config import StacuityConfig


def test_a_fault_of_the_other_platform_is_refused_by_name():
    with pytest.raises(ValidationError, match="stacuity has no such fault: bulk_part, odd_tag"):
        StacuityConfig(faults=[{"fault": "odd_tag"}, {"fault": "bulk_part"}])
