"""The inbox as a flow, and the secrets of a vendor's file: what must not stay anywhere."""

import json
import signal
from pathlib import Path

import pytest

from tests.flows.processes import until
from tests.flows.test_secrets import contents

RUN = """
import asyncio, json
from domain.requests import InboxRequest
from flows.inbox import inbox
wanted = InboxRequest(account="t", settle_seconds=0, dry_run=False, limit=1000)
state = asyncio.run(inbox(wanted, return_state=True))
print(json.dumps([state.type.value, state.message]))
"""
# One canary for each kind of secret that vendors put into their files.
KI, OPC, ADM, PIN, PUK = "CA1A0F" * 5 + "AB", "CA1A0E" * 5 + "AB", "73952614", "8264", "95173826"
TRANSPORT, OTA = "CA1A0D" * 5 + "AB", "CA1A0C" * 5 + "AB"
SECRETS = (KI, OPC, ADM, PUK, TRANSPORT, OTA, f" {PIN} ", f"/{PIN}/", f'"{PIN}"', f">{PIN}<")
OUT = """*HEADER DESCRIPTION
Quantity : {quantity}
Transport_key : {transport}
*OUTPUT VARIABLES
var_out:ICCID/IMSI/PIN1/PUK1/ADM1/KI/OPC/Code Retailer/KIC1/Comment
{rows}
"""


def vendor_file(iccids, *, comment="-"):
    """A vendor's file in which every row has secrets."""
    rows = [f"{iccid} 901700000000001 {PIN} {PUK} {ADM} {KI} {OPC} {PUK} {OTA} {comment}" for iccid in iccids]
    return OUT.format(quantity=len(rows), transport=TRANSPORT, rows="\n".join(rows))


def take(here):
    """Run the flow once in a process of its own, and return its last state."""
    return state_of(here.run("-c", RUN))


def state_of(ended):
    return json.loads(ended.out.splitlines()[-1])


def leaks(*folders: Path) -> list[str]:
    """Files outside the inbox that hold a secret of a vendor's file."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and "inbox" not in path.parts]
    assert len(files) > 5
    forms = [form.encode() for secret in SECRETS for form in {secret, secret.lower()}]
    return [f"{path}: {form!r}" for path in files for part in contents(path) for form in forms if form in part]


@pytest.mark.long
def test_every_file_is_a_batch_or_comes_back_with_a_reason_and_no_secret_of_a_vendor_stays(world, prefect_api):
    here = world(rows=8, account={"max_reject_ratio": 0.6, "max_change": 5})
    box = here.folder / "data" / "inbox"
    box.mkdir(parents=True)
    broken = here.iccids[4][:9] + str((int(here.iccids[4][9]) + 1) % 10) + here.iccids[4][10:]
    # More than one run may create, whatever the limit of the schedule.
    (box / "large.csv").write_text("iccid\n" + "\n".join(here.iccids) + "\n")
    (box / "good.csv").write_text("iccid\n" + "\n".join(here.iccids[:3]) + "\n")
    # A wrong check digit, a key in the ICCID's place, a row that is too long, a key in a harmless column.
    vendors = vendor_file([here.iccids[3], broken, KI, f"{here.iccids[5]} more", here.iccids[6]], comment=OTA)
    (box / "vendor.out").write_text(vendors)
    (box / "cut.out").write_text(vendors.replace("Quantity : 5", "Quantity : 9"))
    (box / "strange.csv").write_text(f"{here.iccids[0]},{PIN},{KI}\n")
    (box / "link.csv").symlink_to(here.file)
    # One more than is left to this run.
    (box / "last.csv").write_text(f"iccid\n{here.iccids[7]}\n")

    assert take(here) == ["COMPLETED", "2 processed, 4 rejected, 0 left, 1 waiting"]
    assert take(here) == ["COMPLETED", "1 processed, 0 rejected, 0 left, 0 waiting"]

    assert sorted(path.name for path in box.iterdir()) == ["processed", "rejected"]
    reasons = [path.read_text() for path in (box / "rejected").glob("*.reason.txt")]
    assert len(reasons) == 4
    assert len([reason for reason in reasons if "create 8 endpoints" in reason and "5 are allowed" in reason]) == 1
    assert not [reason for reason in reasons for secret in SECRETS if secret in reason]
    here.check_one_each([*here.iccids[:4], *here.iccids[6:8]])
    assert {path.name for path in (here.folder / "reports").glob("vendor-*")} >= {"vendor-rejects.csv"}
    here.run("batch", "show", "vendor", "--json")
    here.run("plan", str(next((box / "processed").glob("*vendor.out"))), "--json", code=None)
    assert leaks(here.folder, prefect_api.home) == []

    # The row with the wrong check digit, corrected and put into the inbox, joins the batch of its vendor.
    head, *rows = (here.folder / "reports" / "vendor-rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    corrected = next(row for row in rows if broken in row).replace(broken, here.iccids[4], 1)
    (box / "rejects.csv").write_text("\n".join([head, corrected, rows[-1]]) + "\n")
    assert take(here) == ["COMPLETED", "1 processed, 0 rejected, 0 left, 0 waiting"]
    (joined,) = here.run("endpoints", "--iccid", here.iccids[4], "--json").rows
    assert (joined["batch"], joined["tags"]) == ("vendor", ["vendor"])


def test_the_search_for_secrets_of_a_vendor_finds_them(tmp_path):
    for number, secret in enumerate(SECRETS):
        (tmp_path / f"{number}.log").write_text(f"read{secret}and went on")

    assert len({leak.split(":")[0] for leak in leaks(tmp_path)}) == len(SECRETS)


# --- an end before the end ---

FEW = 20
SLOW = {"rate_per_second": 30, "max_in_flight": 4}


def put_in(here, **files):
    """Put files of ICCIDs into the inbox, by their names."""
    box = here.folder / "data" / "inbox"
    box.mkdir(parents=True)
    for name, iccids in files.items():
        (box / f"{name}.csv").write_text("iccid\n" + "\n".join(iccids) + "\n")


@pytest.fixture
def started(world):
    """Two files in an inbox, of which the first is well under way, and the process that is at it."""
    here = world(rows=2 * FEW, account=SLOW, platform={"--latency": "0.05-0.1"})
    put_in(here, first=here.iccids[:FEW], second=here.iccids[FEW:])
    command = here.start("-c", RUN)
    until(lambda: here.platform.writes >= 8 or command.is_over, 100, "the first writes")
    return here, command


def places(here):
    """Which of the files lie where."""
    box = here.folder / "data" / "inbox"
    return [
        sorted(path.name.rpartition("-")[2] for path in folder.glob("*.csv")) for folder in (box, box / "processed")
    ]


@pytest.mark.long
def test_ctrl_c_ends_the_file_under_way_cleanly_and_no_further_file_is_begun(started):
    here, command = started
    command.signal(signal.SIGINT)
    ended = command.end()

    assert state_of(ended) == ["FAILED", "0 processed, 1 unfinished, 0 rejected, 0 left, 1 waiting (stopped early)"]
    assert "Traceback" not in ended.err
    assert places(here) == [["second.csv"], ["first.csv"]]
    assert set(here.platform.created()) < set(here.iccids[:FEW])
    assert here.run("resolve", "--json").rows == []

    here.configure()
    assert here.run("unfinished", "--yes").summary["accepted"] == FEW
    here.check_one_each(here.iccids[:FEW])


def test_what_is_not_the_files_fault_ends_the_run_and_leaves_the_files(world):
    here = world(rows=2)
    put_in(here, first=here.iccids[:1], second=here.iccids[1:])
    state, message = state_of(here.run("-c", RUN, env={"PREACTIVE_ACCOUNTS__T__PASSWORD": "another"}))

    assert (state, message.startswith("The platform refused the login")) == ("FAILED", True)
    assert places(here) == [["first.csv", "second.csv"], []]
    assert here.platform.stats["requests"]["POST /login"] == 1


# Sends the signal at the moment in which Prefect has taken it for the run within, and that one not yet taken it back.
EARLY = """
import os, signal, threading, time
from prefect.utilities.engine import is_prefect_sigterm_handler_installed as is_prefects

def send():
    for wanted in (True, False, True):
        while is_prefects() is not wanted:
            time.sleep(0.0005)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=send, daemon=True).start()
"""


def test_a_signal_before_a_file_was_read_leaves_it_where_it_is(world):
    here = world(rows=2)
    put_in(here, first=here.iccids[:1], second=here.iccids[1:])

    # Where Prefect's own handler raises in the loop itself, not in a task, there is no state to be told.
    here.run("-c", EARLY + RUN, code=None)
    assert places(here) == [["first.csv", "second.csv"], []]
    assert here.platform.writes == 0

    assert state_of(here.run("-c", RUN)) == ["COMPLETED", "2 processed, 0 rejected, 0 left, 0 waiting"]


@pytest.mark.long
def test_a_cancel_in_prefect_ends_the_file_under_way_cleanly_and_nothing_goes_on_with_it(started, prefect_api):
    here, command = started
    run = until(lambda: prefect_api.running("inbox · 2 files"), 20, "the run in Prefect")
    prefect_api.cancel(run["id"])
    command.signal(signal.SIGTERM)  # the runner that started it does this
    assert state_of(command.end())[0] == "CANCELLED"
    runs = [prefect_api.run(run["id"]), *prefect_api.within(run["id"])]

    assert [one["name"] for one in runs] == ["inbox · 2 files", f"provision first · {FEW} rows · t"]
    assert {one["state"]["type"] for one in runs} == {"CANCELLED"}
    assert all("(stopped early)" in one["state"]["message"] for one in runs), runs
    assert places(here) == [["second.csv"], ["first.csv"]]
    assert here.run("resolve", "--json").rows == []
    assert [row["cancelled"] for row in here.run("batch", "list", "--json").rows] == [True]
    assert here.run("unfinished", "--json").rows == []
