"""`python -m adapters.platforms.simulator`: the simulator from the command line."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.fault_profiles import PROFILES
from adapters.platforms.simulator.simulator import run
from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.profiles import PROFILES as STACUITY
from domain.words import plain_message

_OPTIONS: dict[str, tuple[str, str]] = {
    "--platform": ("platform", "kind of platform: sft or stacuity"),
    "--host": ("host", "address to listen on; loopback only unless --allow-remote"),
    "--port": ("port", "port to listen on; 0 picks a free one"),
    "--seed": ("seed", "seed of the stock, the latencies and the faults"),
    "--stock": ("stock", "how many SIMs to generate"),
    "--iccids": ("iccids", "text or CSV file with more ICCIDs to put in stock"),
    "--tenant": ("tenant", "the tenant's own id; kept in the state file, otherwise new each time"),
    "--username": ("username", "API user of the enterprise"),
    "--password": ("password", "its password"),
    "--faults": (
        "faults",
        f"file of rules, or profile; sft: {', '.join(PROFILES)}; stacuity: {', '.join(STACUITY)}",
    ),
    "--rate": ("rate_per_second", "requests per second of an account; 0 means no limit"),
    "--burst": ("burst", "requests let through at once after a pause"),
    "--rate-form": ("rate_form", "answer to a request that came too fast: http429 or envelope"),
    "--retry-after": ("retry_after", "Retry-After header of that answer"),
    "--latency-read": ("latency_read", "seconds, or a range such as 0.1-0.4"),
    "--latency-write": ("latency_write", "seconds, or a range; create, link, activate, lifecycle"),
    "--read-lag": ("read_lag", "seconds until reads show a change"),
    "--token-seconds": ("access_seconds", "lifetime of an access token"),
    "--refresh-seconds": ("refresh_seconds", "lifetime of a refresh token"),
    "--expired-form": ("expired_form", "form of the answer to an expired token: 1, 2 or 3"),
    "--bulk": ("bulk", "the invented bulk route: absent, async or sync"),
    "--bulk-row-seconds": ("bulk_row_seconds", "time per row of an async bulk create"),
    "--token-calls": ("token_calls", "an access token serves so many calls"),
    "--tls-cert": ("tls_cert", "file with a certificate chain; serves https"),
    "--tls-key": ("tls_key", "file with its key"),
    "--state": ("state_file", "file that keeps the state from one run to the next"),
    "--token": ("token", "stacuity: the API token, 32 hexadecimal characters"),
    "--claim-stock": ("claim_stock", "stacuity: SIMs that can be claimed with a code"),
    "--fixtures": ("fixtures", "stacuity: full, or objects for no endpoints but the stock"),
    "--ledger": ("ledger_file", "file to which every true commit is appended as a JSON line"),
}
_SWITCHES = {
    "--allow-remote": ("allow_remote", True, "allow a host that is not loopback"),
    "--set-b-aliases": ("set_b_aliases", True, "also answer the set B names of set A calls"),
    "--no-set-b-tags": ("set_b_tags", False, "answer 404 to the endpoint tag calls"),
    "--oem": ("oem", True, "new endpoints start in Active-Test"),
    "--duplicates": ("duplicates", True, "give a SIM that has an endpoint another when asked"),
    "--no-journal": ("journal", False, "keep no request journal"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator and return the exit code."""
    try:
        values = _values(arguments)
        kind = StacuityConfig if values.get("platform") == "stacuity" else SimulatorConfig
        run(kind.model_validate(values))
    except ValidationError as error:
        for problem in error.errors():
            print(f"{'.'.join(map(str, problem['loc'])) or 'options'}: {plain_message(problem)}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"the simulator cannot start: {error}", file=sys.stderr)
        return 2
    return 0


def _values(arguments: Sequence[str] | None) -> dict[str, Any]:
    values = vars(_parser().parse_args(arguments))
    if "latency" in values:
        both = values.pop("latency")
        values = {"latency_read": both, "latency_write": both, "latency_login": both, **values}
    return values


def _parser() -> argparse.ArgumentParser:
    words = "Runs the platform simulator until Ctrl-C."
    parser = argparse.ArgumentParser(prog="preactive simulator", description=words, argument_default=argparse.SUPPRESS)
    for option, (name, text) in _OPTIONS.items():
        parser.add_argument(option, dest=name, help=text)
    parser.add_argument("--latency", help="seconds, or a range, for all calls")
    for option, (name, value, text) in _SWITCHES.items():
        parser.add_argument(option, dest=name, action="store_const", const=value, help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
