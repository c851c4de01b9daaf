"""The main job through the command line: a file becomes pre-active, tagged stock, and some of it becomes active."""

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from adapters.files.reader import read_manifest
from adapters.files.samples import sample_iccid
from domain.options import Account
from domain.supplier import SupplierProfile
from tests.flows.job import Job, done_twice
from tests.flows.world import ADDON, GROUP, JSON_KEYS, SAMPLES, World

ROWS, COUNT = 40, 15
ENDPOINT_KEYS = [
    *("account", "iccid", "endpoint_id", "name", "state", "network_state", "group", "tags", "batch", "order"),
    "updated_at",
]


@pytest.fixture(scope="module")
def job(tmp_path_factory, prefect_api) -> Iterator[Job]:
    """The file provisioned twice, then some of it activated twice."""
    with World(tmp_path_factory.mktemp("job"), rows=ROWS, api=prefect_api) as world:
        yield done_twice(world, COUNT)


def test_a_file_becomes_pre_active_endpoints_that_carry_its_tag_and_its_names(job):
    truth = job.truth["provision"]

    assert set(truth) == set(job.world.iccids)
    assert {endpoint["status"] for endpoint in truth.values()} == {"Pre-Active"}
    assert {endpoint["isDefaultActivation"] for endpoint in truth.values()} == {"false"}
    assert {tuple(endpoint["tags"]) for endpoint in truth.values()} == {("batch",)}
    assert [truth[iccid]["name"] for iccid in job.world.iccids] == [f"sim {n:05d}" for n in range(ROWS)]


@pytest.mark.parametrize("after", ["provision", "activate again"])
def test_the_mapping_in_the_store_is_the_truth_on_the_platform(job, after):
    assert job.mappings[after] == {iccid: e["endPointId"] for iccid, e in job.truth[after].items()}


@pytest.mark.parametrize("command", ["provision", "provision again", "activate", "activate again"])
def test_the_last_line_is_json_with_exactly_the_documented_keys(job, command):
    assert list(job.ended[command].summary) == JSON_KEYS


def test_the_numbers_of_a_provision_add_up(job):
    summary = job.ended["provision"].summary

    assert (summary["rows"], summary["accepted"], summary["confirmed"]) == (ROWS, ROWS, ROWS)
    assert sum(summary[name] for name in ("rejected", "duplicates", "blank", "already", "refused")) == 0
    assert sum(summary[name] for name in ("in_doubt", "needs_human")) == 0
    assert summary["batch"] == "batch"
    assert summary["calls"] < 2.2 * ROWS
    assert summary["seconds"] < job.ended["provision"].seconds
    assert all(Path(report).is_file() for report in summary["reports"])


@pytest.mark.parametrize("command", ["provision again", "activate again"])
def test_the_same_command_again_makes_no_write_call(job, command):
    first = command.removesuffix(" again")

    assert job.writes[command] == 0
    assert job.ended[command].summary["confirmed"] == 0
    assert job.ended[command].summary["already"] == job.ended[first].summary["confirmed"]
    assert job.truth[command] == job.truth[first]


def test_an_activation_by_tag_makes_so_many_active_with_one_add_on_each(job):
    found = Counter(
        (e["status"], tuple(addon["planId"] for addon in e["addons"])) for e in job.truth["activate again"].values()
    )

    assert found == {("Active", (ADDON,)): COUNT, ("Pre-Active", ()): ROWS - COUNT}
    assert job.ended["activate"].summary["confirmed"] == COUNT


def test_the_oldest_of_a_tag_are_activated_first(job):
    active = {iccid for iccid, e in job.truth["activate"].items() if e["status"] == "Active"}

    assert active == set(job.world.iccids[:COUNT])


def test_a_plan_shows_what_is_there_already_and_changes_nothing(job):
    before = job.world.platform.stats["requests_total"]
    plan = job.world.run("plan", str(job.world.file), "--json").rows[0]

    assert (plan["create"], plan["already"], plan["calls"]) == (0, ROWS, 0)
    assert job.world.platform.stats["requests_total"] == before


def test_a_plan_can_ask_the_platform_too(job, tmp_path):
    empty = {"PREACTIVE_STORE_URL": f"sqlite:///{tmp_path / 'other.db'}"}
    before = job.world.platform.writes
    plan = job.world.run("plan", str(job.world.file), "--check-platform", "--json", env=empty, code=3).rows[0]

    assert (plan["create"], plan["to_tag"], plan["already"], plan["conflicts"]) == (0, ROWS - COUNT, 0, COUNT)
    assert job.world.platform.writes == before


# --- commands that look ---


def test_endpoints_says_everything_about_each_as_json(job):
    rows = job.world.run("endpoints", "--json").rows
    active = next(row for row in rows if row["iccid"] == job.world.iccids[0])

    assert all(list(row) == ENDPOINT_KEYS for row in rows)
    assert {name: active[name] for name in ("account", "name", "state", "group", "tags", "batch", "order")} == {
        "account": "t",
        "name": "sim 00000",
        "state": "active",
        "group": GROUP,
        "tags": ["batch"],
        "batch": "batch",
        "order": None,
    }


@pytest.mark.parametrize(
    ("option", "value", "count"),
    [
        ("--tag", "batch", ROWS),
        ("--state", "active", COUNT),
        ("--state", "pre_active", ROWS - COUNT),
        ("--group", GROUP, COUNT),
        ("--batch", "batch", ROWS),
        ("--account", "t", ROWS),
    ],
)
def test_endpoints_can_be_narrowed_down(job, option, value, count):
    assert len(job.world.run("endpoints", option, value, "--json").rows) == count


def test_a_tag_that_nothing_carries_is_no_empty_list(job):
    assert job.world.run("endpoints", "--tag", "no-such", code=4).sentence.endswith("there are: batch.")


def test_endpoints_can_be_had_as_csv_and_as_a_workbook_with_the_iccid_as_text(job, tmp_path):
    as_csv = list(csv.DictReader(job.world.run("endpoints", "--csv").out.splitlines()))
    job.world.run("endpoints", "--xlsx", str(tmp_path / "all.xlsx"))
    book = load_workbook(tmp_path / "all.xlsx", read_only=True)
    head, *cells = book.worksheets[0].iter_rows(values_only=True)
    book.close()

    assert [row["iccid"] for row in as_csv] == job.world.iccids
    assert [dict(zip(head, row, strict=True))["iccid"] for row in cells] == job.world.iccids


def test_a_batch_is_listed_with_its_numbers(job):
    (batch,) = job.world.run("batch", "list", "--json").rows

    assert (batch["batch"], batch["tags"], batch["open"], batch["cancelled"]) == ("batch", ["batch"], {}, False)
    assert batch["endpoints"] == {"active": COUNT, "pre_active": ROWS - COUNT}


def test_a_batch_shows_what_became_of_each_row(job):
    rows = job.world.run("batch", "show", "batch", "--json").rows

    assert [row["iccid"] for row in rows] == job.world.iccids
    assert {row["outcome"] for row in rows} == {"confirmed"}


def test_the_report_of_a_batch_can_be_written_again(job):
    paths = [Path(line) for line in job.world.run("batch", "report", "batch").out.splitlines()]

    assert {path.suffix for path in paths} == {".xlsx", ".csv"}
    mapping = next(path for path in paths if path.name.startswith("batch-mapping"))
    with mapping.open(newline="", encoding="utf-8-sig") as lines:
        assert [row["iccid"].lstrip("'") for row in csv.DictReader(lines)] == job.world.iccids


def test_the_history_of_an_iccid_has_every_answer_of_the_platform(job):
    rows = job.world.run("history", "--iccid", job.world.iccids[0], "--json").rows
    sent = [row["kind"] for row in rows if row["event"] == "sent"]
    answered = {row["kind"]: row["verdict"] for row in rows if row["event"] == "answer"}

    assert sent == ["create", "tag", "activate", "assign"]
    assert set(answered.values()) == {"done"}
    assert job.world.run("history", "--iccid", sample_iccid("89449999", 1), "--json").out == ""


def test_stock_counts_by_tag_and_group(job):
    rows = job.world.run("stock", "--json").rows

    assert sum(row["active"] for row in rows if row["group"] == GROUP) == COUNT
    assert sum(row["pre_active"] for row in rows) == ROWS - COUNT


def test_resolve_has_nothing_to_say_after_a_good_run(job):
    assert job.world.run("resolve", "--json").out == ""


def test_the_doctor_finds_everything_well(job):
    found = {row["what"]: row["ok"] for row in job.world.run("doctor", "--json").rows}

    parts = ("settings", "store", "platform", "worker", "prefect", "schedules", "folder", "versions")
    assert found == dict.fromkeys(parts, True)


def test_the_store_passes_its_check(job):
    lines = job.world.run("db", "check").out.splitlines()

    assert any("no damage" in line for line in lines)
    assert "can be written" in lines
    assert any(line.startswith("audit trail of t: ") for line in lines)
    assert "equal the trail" in lines[-1]


def test_the_audit_trail_alone_makes_the_mapping_again(job, tmp_path):
    elsewhere = {"PREACTIVE_STORE_URL": f"sqlite:///{tmp_path / 'again.db'}"}
    said = job.world.run("db", "rebuild", "--from", job.world.store_url, env=elsewhere).out
    again = {row["iccid"]: row["endpoint_id"] for row in job.world.run("endpoints", "--json", env=elsewhere).rows}
    refused = job.world.run("db", "rebuild", "--from", job.world.store_url, env=elsewhere, code=4)

    assert said.startswith(f"t: {ROWS} endpoints and ")
    assert again == job.world.mapping()
    assert "batches already" in refused.sentence


def test_a_command_that_looks_imports_nothing_heavy(job):
    looks = ["endpoints --json", "endpoints --csv", "history --iccid 8944", "stock", "batch list", "batch show batch"]
    looks += ["events list", "resolve"]
    code = (
        "import sys; from flows.__main__ import main\n"
        f"for command in {looks!r}:\n"
        "    sys.argv[1:] = command.split()\n"
        "    try: main()\n"
        "    except SystemExit: pass\n"
        "    print(command, [n for n in ('sqlalchemy', 'prefect', 'pandas', 'aiohttp', 'alembic', 'openpyxl') "
        "if n in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, env=job.world.env, capture_output=True, text=True, timeout=60
    )

    told = [line for line in ended.stderr.splitlines() if line.endswith("]")]
    assert told == [f"{command} []" for command in looks]


# --- other ways to say what is meant ---


def test_single_iccids_can_be_activated(job):
    chosen = job.world.iccids[-2:]
    command = ["activate", *[part for iccid in chosen for part in ("--iccid", iccid)], "--group", GROUP, "--yes"]
    ended = job.world.run(*command)
    truth = job.world.platform.endpoints

    assert ended.summary["confirmed"] == 2
    assert [(truth[iccid]["status"], len(truth[iccid]["addons"])) for iccid in chosen] == [("Active", 1)] * 2


@pytest.mark.parametrize("when", ["off", "later"])
def test_tags_can_be_kept_off_the_platform_or_come_after_the_last_create(world, when):
    here = world(rows=10, account={"platform_tags": when, "max_in_flight": 4})
    file = here.write("batch.csv", here.iccids, tags=["blue", *[""] * 9])
    summary = here.run("provision", str(file), "--tag", "march", "--yes").summary
    kinds = [entry["kind"] for entry in here.platform.ledger if entry["kind"] in ("create", "tag")]
    rows = here.run("endpoints", "--json").rows

    assert summary["confirmed"] == 10
    assert [row["tags"] for row in rows] == [["blue", "march"], *[["march"]] * 9]
    assert kinds == ["create"] * 10 + (["tag"] * 11 if when == "later" else [])


# --- files with bad rows ---

NAMES = SupplierProfile(name_pattern=Account.model_fields["name_pattern"].default)  # what the platform takes


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, prefect_api) -> Iterator[World]:
    """A platform that knows every SIM of the mixed sample."""
    folder = tmp_path_factory.mktemp("mixed")
    manifest = read_manifest(SAMPLES / "mixed.csv", profile=NAMES)
    spare = [sample_iccid("89445060", number) for number in range(1, 6)]
    (folder / "stock.txt").write_text("\n".join([row.iccid for row in manifest.accepted] + spare) + "\n")
    platform = {"--iccids": folder / "stock.txt", "--stock": 0}
    with World(folder, rows=0, api=prefect_api, platform=platform) as world:
        world.iccids = [row.iccid for row in manifest.accepted]
        yield world


def test_a_file_with_too_many_bad_rows_is_held_and_says_how_many(mixed):
    ended = mixed.run("provision", str(SAMPLES / "mixed.csv"), "--yes", code=4)
    numbers = read_manifest(SAMPLES / "mixed.csv", profile=NAMES).numbers()

    assert f"{numbers['rejected']} of {numbers['rows'] - numbers['blank']} rows are rejected" in ended.sentence
    assert "--accept-rejects" in ended.sentence
    assert mixed.platform.stats["requests_total"] == 0


def test_a_plan_of_bad_rows_names_row_column_value_and_reason(mixed):
    plan = mixed.run("plan", str(SAMPLES / "mixed.csv"), "--json", code=3).rows[0]

    assert plan["rejected"] == len({reject["row"] for reject in plan["rejects"]}) > 0
    assert all(reject["code"] and reject["reason"].endswith(".") for reject in plan["rejects"])
    assert mixed.platform.stats["requests_total"] == 0


def test_the_good_rows_go_on_when_a_person_accepts_the_bad_ones_and_corrected_rejects_can_be_handed_in(mixed):
    first = mixed.run("provision", str(SAMPLES / "mixed.csv"), "--accept-rejects", "--yes", code=3).summary
    mixed.check_one_each()

    assert first["rows"] == first["accepted"] + first["rejected"] + first["duplicates"] + first["blank"]
    assert first["confirmed"] == first["accepted"] == len(mixed.iccids)

    rejects = next(Path(path) for path in first["reports"] if path.endswith("rejects.csv"))
    with rejects.open(newline="", encoding="utf-8-sig") as lines:
        head, *rows = csv.reader(lines)
    corrected = [sample_iccid("89445060", number) for number in range(1, 6)]
    at = head.index("ICCID")
    fixed = [
        [iccid if column == at else ("" if head[column] == "Tags" else cell) for column, cell in enumerate(row)]
        for row, iccid in zip(rows, corrected, strict=False)
    ]
    with rejects.with_name("corrected.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([head, *fixed])
    # The numbers are those of the file that was handed in; `batch report` has those of the whole batch.
    again = ["provision", str(rejects.with_name("corrected.csv")), "--batch", "mixed", "--yes"]
    second = mixed.run(*again).summary

    assert (second["batch"], second["rows"], second["confirmed"]) == ("mixed", len(corrected), len(corrected))
    mixed.check_one_each([*mixed.iccids, *corrected])


def test_a_file_that_a_spreadsheet_damaged_is_refused_by_the_job_and_by_its_plan(mixed):
    before = mixed.platform.stats["requests_total"]
    ended = mixed.run("provision", str(SAMPLES / "damaged.xlsx"), "--yes", code=4)
    plan = mixed.run("plan", str(SAMPLES / "damaged.xlsx"), "--json", code=4)

    assert "60 of 60 cells of the column 'ICCID' are numbers" in ended.sentence
    assert plan.sentence == ended.sentence
    assert mixed.platform.stats["requests_total"] == before
