"""A job that one process at a time does."""

import subprocess
import sys

from adapters.store.exclusive import exclusive

HOLDS = """
import sys
from adapters.store.exclusive import exclusive
with exclusive(sys.argv[1], "inbox") as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def is_free_soon(store_url: str) -> bool:
    """Whether the lock can be had; PostgreSQL hears of a closed connection a moment later."""
    for _ in range(200):
        with exclusive(store_url, "inbox") as is_ours:
            if is_ours:
                return True
    return False


def test_one_process_at_a_time_has_the_lock_of_a_job(store_url):
    with exclusive(store_url, "inbox") as first, exclusive(store_url, "inbox") as second:
        assert (first, second) == (True, False)
    assert is_free_soon(store_url)


def test_jobs_do_not_hold_each_other_up(store_url):
    with exclusive(store_url, "inbox") as inbox, exclusive(store_url, "poll") as poll:
        assert (inbox, poll) == (True, True)


def test_the_lock_ends_with_a_process_that_is_killed(store_url):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, store_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    with exclusive(store_url, "inbox") as beside:
        assert not beside
    process.kill()
    process.communicate()

    assert is_free_soon(store_url)
