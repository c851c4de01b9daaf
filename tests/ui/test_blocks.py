"""An account's secrets in a block of Prefect: made by a form, read when a run begins, shown nowhere."""

import json
import sqlite3
from pathlib import Path

from adapters.platforms.simulator.stacuity.config import TOKEN
from flows.embedded import SERVER_NOTE
from flows.login import CLIENT_LOGIN
from tests.flows.fleet import MONIKER, Fleet
from tests.flows.prefect_server import Server
from tests.flows.world import PASSWORD, World


def test_a_run_logs_in_with_the_password_of_the_block_and_a_variable_wins_over_it(server, bare_world):
    here = bare_world(rows=2, account={"password": None, "secrets_block": "travel"})
    login = {name: value for name, value in server.env.items() if name.startswith("PREFECT_")}

    missing = here.run("doctor", env=login, code=1).out
    assert "no block preactive-account/travel" in missing

    assert "preactive-account" in here.run("blocks", "register", env=login).out
    here.run("blocks", "register", env=login)
    kind = server.ask("/block_types/slug/preactive-account")
    (schema,) = server.ask("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})
    form = schema["fields"]["properties"]
    assert {name: (field["title"], field["format"]) for name, field in form.items()} == {
        "password": ("Password", "password"),
        "token": ("Token", "password"),
    }

    block = {"name": "travel", "block_type_id": kind["id"], "block_schema_id": schema["id"]}
    server.ask("/block_documents/", block | {"data": {"password": PASSWORD}})
    summary = here.run(*here.provision, env=login).summary
    wrong = here.run("doctor", env=login | {"PREACTIVE_ACCOUNTS__T__PASSWORD": "another"}, code=1).out

    assert summary["confirmed"] == 2
    assert "refused" in wrong
    run = server.ask(f"/flow_runs/{summary['run']}")
    assert PASSWORD not in str(run)
    with sqlite3.connect(f"file:{Path(server.folder) / 'home' / 'prefect.db'}?mode=ro", uri=True) as database:
        (stored,) = database.execute("SELECT data FROM block_document WHERE name = 'travel'").fetchone()
    database.close()
    assert PASSWORD not in stored


def keep(server: Server, name: str, **secrets: str) -> None:
    """Fill in the form of a block."""
    kind = server.ask("/block_types/slug/preactive-account")["id"]
    (schema,) = server.ask("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind]}}})
    block = {"name": name, "block_type_id": kind, "block_schema_id": schema["id"], "data": secrets}
    server.ask("/block_documents/", block)


def near(server: Server, here: World) -> dict[str, str]:
    """What a command has that knows of the server only by the word that `preactive up` left."""
    (here.folder / "prefect" / SERVER_NOTE).write_text(json.dumps({"url": server.url}))
    return {CLIENT_LOGIN: server.env[CLIENT_LOGIN]}


def test_every_command_that_logs_in_finds_the_secrets_of_the_server_that_runs_here(server, bare_world, tmp_path):
    here = bare_world(rows=2, account={"password": None, "secrets_block": "near"})
    env = near(server, here)
    here.run("blocks", "register", env=env)
    keep(server, "near", password=PASSWORD)
    here.run(*here.provision, env=env)
    (tmp_path / "fleet").mkdir()
    with Fleet(tmp_path / "fleet", rows=2, account={"token": None, "secrets_block": "fleet"}) as fleet:
        (fleet.folder / "prefect").mkdir(mode=0o700)
        near(server, fleet)
        keep(server, "fleet", token=TOKEN)

        assert "ICCID" in here.run("sell", "--order", "A-1", env=env).out
        here.run("orders", "sweep", env=env)
        here.run("plan", str(here.file), "--check-platform", env=env)
        here.run("reconcile", env=env)
        assert MONIKER in fleet.run("group", "list", env=env).out
        assert MONIKER in fleet.run("group", "show", MONIKER, env=env).out
        fleet.run("events", "poll", env=env)


def test_without_a_server_a_command_says_where_the_secret_would_be(bare_world):
    here = bare_world(rows=1, account={"password": None, "secrets_block": "travel"})

    assert "no Prefect server runs" in here.run("doctor", code=1).out
