"""The inbox as a flow, and the secrets of a vendor's file: what must not stay anywhere."""

import json
import subprocess
import sys
from pathlib import Path

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
    command, place = [sys.executable, "-c", RUN], {"env": here.env, "cwd": here.folder}
    ended = subprocess.run(command, **place, check=False, capture_output=True, text=True, timeout=110)
    (here.folder / "inbox.log").write_text(ended.stdout + ended.stderr)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout.strip().splitlines()[-1])


def leaks(*folders: Path) -> list[str]:
    """Files outside the inbox that hold a secret of a vendor's file."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and "inbox" not in path.parts]
    assert len(files) > 5
    forms = [form.encode() for secret in SECRETS for form in {secret, secret.lower()}]
    return [f"{path}: {form!r}" for path in files for part in contents(path) for form in forms if form in part]


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


def test_the_search_for_secrets_of_a_vendor_finds_them(tmp_path):
    for number, secret in enumerate(SECRETS):
        (tmp_path / f"{number}.log").write_text(f"read{secret}and went on")

    assert len({leak.split(":")[0] for leak in leaks(tmp_path)}) == len(SECRETS)
