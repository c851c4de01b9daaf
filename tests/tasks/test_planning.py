"""Plans of requests: what is compared with what, and what holds a request before anything is changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.endpoint import SimRecord
from domain.errors import (
    FileRefused,
    NothingSelected,
    SettingsError,
    TooManyRejects,
    TooMuchChange,
    UnknownGroup,
    UsageError,
)
from domain.esim import Esim
from domain.iccid import luhn_digit
from domain.lifecycle import Lifecycle
from domain.manifest import Manifest, ManifestRow, Outcome, Rows
from domain.plan import Action as PlanAction
from domain.plan import Wanted, decide
from domain.requests import Action, ActivateRequest, LifecycleRequest, ProvisionRequest
from flows.__main__ import app
from flows.commands.provisioning import _plan_json, _show
from tasks.planning import (
    hold_if_unsafe,
    plan_file,
    plan_selection,
    why_held,
)
from tests.support.desk import Desk
from tests.support.desk import manifest as manifest_with
from tests.support.works import iccid


def good(number: int) -> str:
    """An ICCID with its check digit."""
    body = iccid(number * 10)[:-1]
    return body + luhn_digit(body)


def file_of(folder: Path, *iccids: str) -> str:
    """A file of these ICCIDs."""
    path = folder / "march.csv"
    path.write_text("iccid\n" + "".join(f"{number}\n" for number in iccids))
    return str(path)


def manifest_of(*iccids: str) -> Manifest:
    """A checked file of these ICCIDs."""
    return Manifest("f", "d", ("iccid",), Rows([ManifestRow(2, Outcome.ACCEPTED, number) for number in iccids]))


def request(file: str, **fields) -> ProvisionRequest:
    return ProvisionRequest(file=file, account="travel", **fields)


def held(asked: ProvisionRequest) -> None:
    """Plan it, and hold it if it is not safe."""
    hold_if_unsafe(asked, *plan_file(asked))


def test_a_new_file_is_all_to_create(folder):
    manifest, plan = plan_file(request(file_of(folder, good(1), good(12), good(23))))

    assert (len(manifest.rows), plan.creates) == (3, 3)
    assert not (folder / "store.db").exists()


def test_a_sim_that_was_terminated_on_another_account_of_the_platform_is_a_conflict_in_the_plan(configure):
    """An account that left the settings may have been on any platform; one of another platform has other SIMs."""
    folder = configure()
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    for number, account in enumerate(("gone", "fleet")):
        rows = [ManifestRow(2, Outcome.ACCEPTED, good(number), None)]
        desk.ingest(manifest_with(rows), account=account)
    desk.do("UPDATE endpoints SET state = 'terminated'")
    desk.close()
    _, plan = plan_file(request(file_of(folder, good(0), good(1))))

    assert [(one.iccid, one.action) for one in plan.changes] == [
        (good(1), PlanAction.CREATE),
        (good(0), PlanAction.CONFLICT),
    ]


def test_what_the_store_knows_by_an_endpoint_id_is_there_already(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET iccid = :iccid", iccid=good(1))
    desk.close()
    _, plan = plan_file(request(file_of(folder, good(1), good(12))))

    assert plan.creates == 1


def test_another_tag_for_a_batch_that_is_done_is_planned_as_calls_and_an_unused_name_is_told(folder):
    asked = request(file_of(folder, good(1), good(12)), batch="k", tags=["first"])
    manifest, _ = plan_file(asked)
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.ingest(manifest, batch="k", tags=["first"], platform_tags="now")
    desk.do("UPDATE endpoints SET endpoint_id = 'E' || id, state = 'pre_active'")
    desk.do("UPDATE operations SET state = 'confirmed', token = 1 WHERE endpoint = 1 OR kind = 'create'")
    desk.close()

    _, same = plan_file(asked)
    _, other = plan_file(asked.model_copy(update={"batch": "k2", "tags": ["second"]}))

    assert (same.creates, same.retagged, same.note) == (0, 1, "")
    assert (other.creates, other.retagged) == (0, 1 + 2)
    assert other.calls == 1 + 3 + 1 + 1  # the last for the page that shows the endpoints with their SIMs
    assert other.sentence().endswith("; the store has these rows as batch k, so the name k2 is not used")


def test_a_file_that_is_added_to_a_batch_writes_tags_for_its_own_rows_only(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.ingest(manifest_of(good(1)), batch="k", tags=["first"], platform_tags="now")
    desk.do("UPDATE endpoints SET endpoint_id = 'E1', state = 'pre_active'")
    desk.do("UPDATE operations SET state = 'confirmed', token = 1")
    desk.close()

    _, plain = plan_file(request(file_of(folder, good(12)), batch="k"))
    _, added = plan_file(request(file_of(folder, good(12)), batch="k", tags=["second"]))

    assert [change.tags for change in plain.changes] == [("first",)]
    assert (added.creates, added.retagged) == (1, 0)
    assert [change.tags for change in added.changes] == [("first", "second")]
    assert added.calls == 1 + 1 + 2 * 1 + 1 + 2  # login, create, its two tags, the new tag itself, pages


def test_a_file_that_changed_since_it_was_planned_is_refused(folder):
    file = file_of(folder, good(1))
    manifest, _ = plan_file(request(file))
    file_of(folder, good(1), good(12))

    with pytest.raises(FileRefused, match="not the one that was planned") as refused:
        plan_file(request(file, digest=manifest.digest))
    assert refused.value.code == "changed"


def test_blank_rows_are_no_good_rows_when_the_share_of_bad_ones_is_taken(folder):
    file = file_of(folder, *map(good, range(1, 19)), "123", *[""] * 40)

    with pytest.raises(TooManyRejects, match="1 of 19 rows"):
        held(request(file))


def test_a_person_may_accept_bad_rows(folder):
    held(request(file_of(folder, good(1), "123"), accept_rejects=True))


@pytest.mark.parametrize(("limit", "is_held"), [(None, True), (59, True), (60, False)])
def test_a_plan_larger_than_allowed_is_held_unless_a_limit_says_it_is_meant(folder, limit, is_held):
    asked = request(file_of(folder, *map(good, range(1, 61))), limit=limit)

    if is_held:
        with pytest.raises(TooMuchChange, match="60 endpoints"):
            held(asked)
    else:
        held(asked)


@pytest.mark.parametrize("fields", [{}, {"tag": "march", "file": "list.csv"}])
def test_an_activation_says_either_a_tag_or_a_list(folder, fields):
    with pytest.raises(UsageError, match="either --tag"):
        plan_selection(ActivateRequest(account="travel", **fields))


def test_an_unknown_group_is_an_error_before_anything_is_looked_up(folder):
    with pytest.raises(UnknownGroup, match="eu"):
        plan_selection(ActivateRequest(account="travel", tag="march", group="us"))


def test_a_tag_that_nothing_carries_is_answered_with_the_tags_that_exist(folder):
    with pytest.raises(NothingSelected, match="no tags yet"):
        plan_selection(ActivateRequest(account="travel", tag="march"))
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(3, tags=["april"])
    desk.close()

    with pytest.raises(NothingSelected, match="the tags are: april"):
        plan_selection(ActivateRequest(account="travel", tag="march"))
    assert plan_selection(ActivateRequest(account="travel", tag="april")).new == 3


def test_a_list_tells_what_is_unknown_and_what_is_no_iccid(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET iccid = :iccid", iccid=good(1))
    desk.close()
    selected = plan_selection(ActivateRequest(account="travel", file=file_of(folder, good(1), good(12), "123")))

    assert (selected.new, selected.unusable, selected.unknown, selected.rejected) == (1, 0, 1, 1)
    assert [(one.iccid, one.code) for one in selected.left] == [(good(12), "not_in_store")]
    assert selected.sentence().endswith("1 not in the store, 1 rejected row; to write: 1 activation")


def test_a_list_of_which_nothing_is_known_says_so(folder):
    with pytest.raises(NothingSelected, match=r"None of the ICCIDs is known on account travel and 1 row rejected"):
        plan_selection(LifecycleRequest(action=Action.SUSPEND, account="travel", file=file_of(folder, good(1), "123")))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "assign", "tag": "march"}, "Say --group"),
        ({"action": "suspend", "tag": "march", "group": "eu"}, "leave --group out"),
        ({"action": "resume"}, "either --tag"),
    ],
)
def test_a_change_says_what_it_needs_and_nothing_else(folder, fields, words):
    with pytest.raises(UsageError, match=words):
        plan_selection(LifecycleRequest.model_validate(fields | {"account": "travel"}))


# --- what a plan shows ---


def test_a_plan_lists_its_conflicts_also_those_with_an_endpoint(folder, capsys):
    manifest, made = plan_file(request(file_of(folder, good(1), good(2))))
    seen = SimRecord(good(2), "E7", Lifecycle.ACTIVE, "Active")
    changes = sorted([decide(Wanted(good(1), ""), None, None), decide(Wanted(good(2), ""), None, seen)])
    made = replace(made, changes=tuple(changes))

    _show(manifest, made)
    shown = _plan_json(manifest, made, "")

    reason = "the SIM already has endpoint E7 in state Active"
    assert f"  {good(2)}: {reason}\n" in capsys.readouterr().out
    assert shown["conflicts"] == 1
    assert shown["conflict_list"] == [{"iccid": good(2), "name": "", "endpoint_id": "E7", "reason": reason}]


def test_a_plan_says_when_the_file_would_be_held(folder):
    asked = request(file_of(folder, good(1), "123"))

    assert why_held(asked, *plan_file(asked)).startswith("1 of 2 rows is rejected")
    assert why_held(asked, *plan_file(request(file_of(folder, good(1))))) == ""


def test_a_row_whose_made_name_does_not_fit_the_platform_is_rejected_in_the_plan(folder):
    file = file_of(folder, good(1), good(12))
    manifest, plan = plan_file(request(file, batch="lot-é"))

    assert (plan.creates, plan.rejected) == (0, 2)
    assert {row.problems[0].code for row in manifest.rejected} == {"name_characters"}
    assert plan_file(request(file, batch="lot-e"))[1].creates == 2
    assert plan_file(request(file, batch="lot-é", name_template="{iccid}"))[1].creates == 2


def test_the_profile_of_a_named_supplier_reads_the_file(configure):
    folder = configure("[accounts.travel.supplier]\nlengths = [20]\n[suppliers.acme]\nlengths = [19]")
    file = file_of(folder, good(1))

    assert plan_file(request(file))[1].rejected == 1
    assert plan_file(request(file, supplier="acme"))[1].rejected == 0
    with pytest.raises(SettingsError, match="there are: acme"):
        plan_file(request(file, supplier="other"))


def test_other_esim_data_than_the_store_has_is_a_conflict_in_the_plan(folder):
    desk = Desk(f"sqlite:///{folder}/store.db")
    kept = Esim(None, "smdp.example.com", "K-1")
    desk.ingest(Manifest("f", "d", (), Rows([ManifestRow(2, Outcome.ACCEPTED, good(1))])), row_esims=[(good(1), kept)])
    desk.close()
    path = folder / "esims.csv"

    def conflicts(code: str) -> int:
        path.write_text(f"iccid,lpa string\n{good(1)},{code}\n{good(12)},LPA:1$smdp.example.com$K-9\n")
        return plan_file(request(str(path)))[1].count(PlanAction.CONFLICT)

    assert conflicts("LPA:1$smdp.example.com$K-1") == 0
    assert conflicts("LPA:1$smdp.example.com$K-2") == 1


@pytest.mark.parametrize(
    "words", [["--batch", "x" * 81], ["--batch", "a\tb"], ["--name-template", "{nope}"], ["--tag", "a b"]]
)
def test_an_unusable_request_is_a_wrong_usage(folder, words):
    ended = CliRunner().invoke(app, ["plan", file_of(folder, good(1)), *words])

    assert isinstance(ended.exception, UsageError)
    assert ended.exception.exit_code == 2
