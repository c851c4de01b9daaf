"""What tasks have in common."""

import pytest

from domain.errors import LoginRefused
from domain.operation import State
from domain.ports import Outlook
from tasks.progress import describe
from tasks.steps import told


async def test_an_error_of_ours_becomes_a_failed_state_with_its_sentence():
    @told
    async def work() -> None:
        raise LoginRefused("The platform refused the login.")

    state = await work()

    assert (state.type.value, state.message) == ("FAILED", "The platform refused the login.")
    assert isinstance(state.data, LoginRefused)


async def test_a_result_is_handed_on():
    @told
    async def work(number: int) -> int:
        return number + 1

    assert await work(1) == 2


async def test_a_defect_is_not_dressed_up_as_an_outcome():
    @told
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()


def test_progress_is_described_by_the_states_that_occur():
    outlook = Outlook({State.CONFIRMED: 1200, State.IN_DOUBT: 3, State.REFUSED: 0})

    assert describe(outlook) == "1,200 confirmed, 3 in doubt"
