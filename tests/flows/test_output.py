"""A run outlives whoever reads its output."""

import os
import subprocess
import sys

import pytest

WRITES_TO_NOBODY = """
import logging, sys
from prefect.logging.configuration import setup_logging
from flows.output import outlive_reader
setup_logging()
{prepare}
sys.stdin.read()  # until the reader is gone
for n in range(3):
    logging.getLogger("prefect.run").error("line %s", n)
open(sys.argv[1], "w").write("lived")
"""


def lived(tmp_path, prepare: str) -> bool:
    """Whether a process that logs to a pipe lives on when nobody reads it."""
    reading, writing = os.pipe()
    path = tmp_path / "lived"
    code = WRITES_TO_NOBODY.format(prepare=prepare)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=writing, stderr=writing
    )
    os.close(writing)
    os.close(reading)
    process.communicate(b"", timeout=60)
    return path.exists()


def test_a_log_line_that_nobody_reads_any_more_ends_no_run(tmp_path):
    assert lived(tmp_path, "outlive_reader()")


@pytest.mark.long
def test_without_that_it_would(tmp_path):
    """Prefect's console handler writes through rich, which ends the process at a closed pipe."""
    assert not lived(tmp_path, "")
