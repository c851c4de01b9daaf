"""An account's secrets in a block of Prefect: made by a form, read when a run begins, shown nowhere."""

import sqlite3
from pathlib import Path

from tests.flows.world import PASSWORD


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


def test_without_a_server_a_command_says_where_the_secret_would_be(bare_world):
    here = bare_world(rows=1, account={"password": None, "secrets_block": "travel"})

    assert "no Prefect server runs" in here.run("doctor", code=1).out
