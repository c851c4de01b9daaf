"""`prefect.yaml` says only what Prefect reads: it ignores what it does not know without a word."""

from importlib import import_module
from typing import Any, get_type_hints

import pytest
import yaml
from prefect import Flow
from prefect.cli.deploy._models import (
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from pydantic import BaseModel

from flows.automations import FLOWS
from flows.serving import deployments
from tests.docs.pages import DOCS, ROOT, section, table, text_of

FILE: dict[str, Any] = yaml.safe_load(text_of(ROOT / "prefect.yaml"))
DEPLOYMENTS: list[dict[str, Any]] = FILE["deployments"]
HOLDS_ANCHORS = "definitions"


def unknown(found: dict[str, Any], model: type[BaseModel]) -> set[str]:
    """Keys that the model does not have."""
    return set(found) - {field.alias or name for name, field in model.model_fields.items()}


def test_the_file_has_only_keys_that_prefect_reads():
    assert unknown(FILE, PrefectYamlModel) <= {HOLDS_ANCHORS}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_a_deployment_has_only_keys_that_prefect_reads(deployment):
    assert unknown(deployment, DeploymentConfig) == set()
    assert unknown(deployment.get("work_pool") or {}, WorkPoolConfig) == set()
    assert "schedule" not in deployment, "the singular is gone"
    DeploymentConfig.model_validate(deployment)


# A renamed slug leaves the old schedule running beside the new one, on every server that has it.
SLUGS = {
    "unfinished": "every-ten-minutes",
    "nightly": "nightly",
    "poll": "every-five-minutes",
    "stock": "quarter-hourly",
    "inbox": "inbox",
}


def test_the_slugs_of_schedules_stay_as_they_are():
    named = {entry["name"]: one["slug"] for entry in DEPLOYMENTS for one in entry.get("schedules") or []}

    assert named == SLUGS


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_a_deploy_moves_no_schedule_and_undoes_no_pause(deployment):
    """An interval without an anchor begins anew at each deploy; `active: true` starts a schedule that was paused.

    Of cron lines Prefect 3.9.1 makes no runs on Python 3.11 and 3.12.
    """
    for schedule in deployment.get("schedules") or []:
        RawScheduleConfig.model_validate(schedule)
        assert {"interval", "anchor_date"} < set(schedule)
        assert "cron" not in schedule
        assert "active" not in schedule


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_no_deployment_has_slots_that_a_dead_run_could_keep(deployment):
    assert "concurrency_limit" not in deployment


def test_every_flow_of_a_deployment_is_known_to_the_automations():
    assert {flow_of(entry).name for entry in DEPLOYMENTS} == set(FLOWS)


def flow_of(deployment: dict[str, Any]) -> Any:
    """The flow that a deployment runs."""
    module, _, name = deployment["entrypoint"].rpartition(".")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_an_entrypoint_is_a_flow_in_a_module(deployment):
    assert isinstance(flow_of(deployment), Flow)
    assert ":" not in deployment["entrypoint"]


def form_of(deployment: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a deployment asks for."""
    hints = get_type_hints(flow_of(deployment).fn)
    return hints["request"].model_json_schema()


def alternatives(field: dict[str, Any]) -> list[dict[str, Any]]:
    """What a field may hold, without the nothing of an optional one."""
    return [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]


def is_bounded(one: dict[str, Any]) -> bool:
    """Whether a value of this kind cannot be as long or as large as anybody likes."""
    match one.get("type"):
        case "string":
            return "maxLength" in one or "pattern" in one or "enum" in one
        case "integer" | "number":
            return "minimum" in one and "maximum" in one
        case "array":
            return "maxItems" in one and is_bounded(one["items"])
        case _:
            return one.get("type") == "boolean" or "$ref" in one


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_every_field_of_a_form_is_explained_bounded_and_in_its_place(deployment):
    fields = form_of(deployment)["properties"]

    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert [name for name, field in fields.items() if not (field.get("title") or "$ref" in field)] == []
    assert [name for name, field in fields.items() if not all(map(is_bounded, alternatives(field)))] == []
    assert [field["position"] for field in fields.values()] == list(range(len(fields)))


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_a_form_that_can_be_a_dry_run_is_one_unless_a_schedule_says_otherwise(deployment):
    dry_run = form_of(deployment)["properties"].get("dry_run", {"default": True})
    set_otherwise = (deployment.get("parameters") or {}).get("request", {}).get("dry_run") is False

    assert dry_run["default"] is True
    assert not set_otherwise or deployment.get("schedules")


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_no_deployment_names_an_account_so_that_all_mean_the_one_of_the_settings(deployment):
    assert "account" not in (deployment.get("parameters") or {}).get("request", {})


def test_names_are_given_once():
    names = [entry["name"] for entry in DEPLOYMENTS]

    assert len(names) == len(set(names))


def test_every_deployment_is_explained_in_the_runbook():
    rows = table(section(DOCS / "runbook.md", "Look at runs"), "deployment")

    assert [row[0].strip("`") for row in rows] == [f"{flow_of(entry).name}/{entry['name']}" for entry in DEPLOYMENTS]


def test_schedules_of_the_file_are_served_with_their_slugs():
    served = [schedule for deployment in deployments() for schedule in deployment.schedules]
    written = [schedule for entry in DEPLOYMENTS for schedule in entry.get("schedules", [])]

    assert [schedule.slug for schedule in served] == [entry["slug"] for entry in written]
    assert [schedule.active for schedule in served] == [entry.get("active", True) for entry in written]
