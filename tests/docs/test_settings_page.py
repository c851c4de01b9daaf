"""The settings page and the example file show every setting as the models have it."""

import json
import os
import tomllib

import pytest

from adapters.settings import DEMO, Settings
from domain.options import Account, BulkCreate, GroupTarget
from domain.stock_mark import StockMark
from domain.supplier import FileLimits, SupplierProfile
from tests.docs.knobs import knobs
from tests.docs.pages import DOCS, ROOT, section, table, text_of

PAGE = DOCS / "settings.md"
EXAMPLE = ROOT / "preactive.example.toml"
SECTIONS = {
    "General": Settings,
    "An account: `[accounts.NAME]`": Account,
    "A group: `[accounts.NAME.groups.GROUP]`": GroupTarget,
    "Stock: `[[accounts.NAME.stock]]`": StockMark,
    "Bulk create: `[accounts.NAME.bulk]`": BulkCreate,
    "A supplier's files: `[accounts.NAME.supplier]`": SupplierProfile,
    "Sizes: `[accounts.NAME.supplier.limits]`": FileLimits,
}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_stands_with_its_type_default_and_bounds(heading):
    rows = table(section(PAGE, heading), "setting")

    assert [tuple(row[:4]) for row in rows] == [tuple(knob) for knob in knobs(SECTIONS[heading])]
    assert all(row[4] for row in rows), "a setting without a meaning"


def test_the_built_in_account_is_shown_as_it_is():
    shown = dict(table(section(PAGE, "The account `demo`"), "demo"))

    assert shown == {f"`{name}`": f"`{json.dumps(value)}`" for name, value in DEMO.items()}


def test_the_example_names_every_setting_of_an_account():
    text = text_of(EXAMPLE)

    assert [name for name in Account.model_fields if name not in text] == []
    assert [name for name in GroupTarget.model_fields if name not in text] == []


@pytest.fixture
def _no_settings(monkeypatch):
    for name in os.environ:
        if name.startswith("PREACTIVE_"):
            monkeypatch.delenv(name)


@pytest.mark.usefixtures("_no_settings")
def test_the_example_can_be_used_as_it_stands(monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(EXAMPLE))
    settings = Settings()

    assert set(settings.accounts) == {"demo", "travel"}
    assert settings.default_account == "travel"


def test_what_the_example_leaves_out_is_valid_too():
    lines = text_of(EXAMPLE).splitlines()
    first = next(nth for nth, line in enumerate(lines) if line.startswith("[accounts."))
    settings = [line.removeprefix("# ") if _is_commented_setting(line) else line for line in lines[first:]]
    accounts = tomllib.loads("\n".join(settings))["accounts"]

    assert {Account.model_validate(account).platform for account in accounts.values()} == {"sft", "stacuity"}
    assert accounts["travel"]["bulk"]["path"]


def _is_commented_setting(line: str) -> bool:
    return line.startswith("# [") or (line.startswith("# ") and " = " in line)


@pytest.mark.usefixtures("_no_settings")
def test_the_example_shows_the_defaults(monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(EXAMPLE))
    travel = Settings().accounts["travel"]
    own = {"base_url", "username", "password_file", "roaming_profile_id", "apn_group_id", "plan_id", "groups"}
    defaults = Account(base_url="https://platform.example")

    assert travel.model_dump(exclude=own) == defaults.model_dump(exclude=own)
