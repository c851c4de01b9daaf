"""A process is frozen inside a POST for longer than others wait for it, and another takes over what it has left."""

import asyncio

import pytest

from tests.support.freezes import frozen_inside_a_create


@pytest.mark.parametrize("urls", ["sqlite"], indirect=True)
async def test_whoever_ends_first_the_frozen_process_does_no_harm(urls):
    await asyncio.gather(
        frozen_inside_a_create(urls(), wakes="after the other has ended"),
        frozen_inside_a_create(urls(), wakes="before the other has ended"),
        frozen_inside_a_create(urls(), wakes="after the other has ended", done=False),
    )
