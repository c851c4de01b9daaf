import asyncio
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from adapters.platforms.simulator.__main__ import main

COMMAND = [sys.executable, "-m", "adapters.platforms.simulator", "--stock", "5", "--seed", "3"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_cleanly(number, tmp_path):
    state = tmp_path / "state.jsonl"
    options = ["--latency", "0.01", "--rate", "0", "--faults", "chaos", "--state", str(state)]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        found = re.search(r"base_url=(http://127\.0\.0\.1:\d+)/api .*seed=3 stock=5", line)
        assert found, line
        with urllib.request.urlopen(f"{found[1]}/_sim/stats", timeout=30) as answer:
            assert answer.status == 200
        os.kill(process.pid, number)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""
    assert state.exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--platform", "acme"], "unknown platform"),
        (["--platform", "stacuity", "--faults", "typhoon"], "profiles are none, concurrent_editor"),
        (["--platform", "stacuity", "--state", "state.jsonl"], "keeps no state file"),
        (["--host", "0.0.0.0"], "allow_remote"),
        (["--rate", "fast"], "rate_per_second"),
        (["--faults", "typhoon"], "profiles are"),
    ],
)
def test_wrong_usage_ends_with_2_and_the_reason(options, text, capsys):
    assert main(options) == 2
    assert text in capsys.readouterr().err


async def test_a_taken_port_is_told_plainly(sft):
    assert await asyncio.to_thread(subprocess_code, sft.simulator.port) == (2, True)


def subprocess_code(port):
    done = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True, check=False, timeout=10)
    return done.returncode, "cannot start" in done.stderr
