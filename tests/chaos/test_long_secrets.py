"""What tests/flows/test_secrets.py seeks, with the store on PostgreSQL and on the platform with tokens."""

import signal
from pathlib import Path
from urllib.error import HTTPError

import psycopg

from adapters.platforms.simulator.stacuity.injection import INJECTIONS
from tests.flows.fleet import MONIKER, Fleet
from tests.flows.processes import fetch, until
from tests.flows.selling import Service
from tests.flows.test_secrets import SHORT, leaks
from tests.flows.world import PASSWORD, World

STORE_PASSWORD = "canary-of-the-store"
TOKEN, WRONG, HOOK = "0ddba11c" * 4, "badcafe5" * 4, "canary-of-the-webhook"
FAULTS = sorted(INJECTIONS, key="throttle".__eq__)
COMMANDS = (["group", "show", MONIKER], ["events", "poll"], ["reconcile"], ["doctor"], ["resolve", "--look-up"])


def write_down(url: str, path: Path) -> Path:
    """Everything that a database of PostgreSQL holds, as text."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection, path.open("w") as out:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            for (row,) in connection.execute(f'SELECT t::text FROM "{table}" t').fetchall():
                out.write(f"{table} {row}\n")
    return path


def test_no_secret_stays_in_a_store_on_postgresql_nor_does_that_of_the_store_itself(world, prefect_api, postgres):
    url = postgres.fresh()
    here: World = world(rows=8, store_url=url, account={"deadline_seconds": 1, "settle_seconds": 1})
    here.settings.write_text(here.settings.read_text().replace(url, "").replace(PASSWORD, ""))
    here.env["PREACTIVE_STORE_URL"] = url.replace("postgres@", f"postgres:{STORE_PASSWORD}@")
    here.env["PREACTIVE_ACCOUNTS__T__PASSWORD"] = PASSWORD
    here.platform.ask("/faults", [SHORT | {"fault": "error_after", "nth": [2], "route": "CreateEndPoint"}])
    here.run(*here.provision, code=None)
    here.run(*here.activate(4), code=None)
    for command in (["doctor"], ["db", "check"], ["reconcile"], ["sell", "--order", "A-1"], ["orders", "list"]):
        here.run(*command, code=None)
    away = here.env["PREACTIVE_STORE_URL"].replace("host=/", "host=/nowhere/")
    assert here.run("endpoints", env={"PREACTIVE_STORE_URL": away}, code=None).sentence

    written = write_down(url, here.folder / "store.txt")
    assert here.iccids[0] in written.read_text()
    assert leaks(here.folder, prefect_api.home, secrets=[STORE_PASSWORD, PASSWORD]) == []


def test_no_token_stays_after_every_fault_of_the_other_platform_a_webhook_and_a_wrong_one(
    tmp_path, prefect_api, postgres
):
    url = postgres.fresh()
    account = {"token": None, "deadline_seconds": 1, "settle_seconds": 1, "max_unknown": 2}
    rows = 2 * len(FAULTS) + 4
    with Fleet(
        tmp_path, rows=rows, store_url=url, api=prefect_api, account=account, platform={"--token": TOKEN}
    ) as here:
        here.env |= {"PREACTIVE_ACCOUNTS__T__TOKEN": TOKEN, "PREACTIVE_ACCOUNTS__T__WEBHOOK_TOKEN": HOOK}
        assert here.run(*here.provision, code=2, env={"PREACTIVE_ACCOUNTS__T__TOKEN": WRONG}).sentence
        rules = [SHORT | {"fault": fault, "nth": [2 * nth + 2]} for nth, fault in enumerate(FAULTS)]
        here.platform.ask("/faults", [rule | {"route": route} for rule in rules for route in ("edit", "assign")])
        for command in [here.provision, here.activate(), ["batch", "retry", "batch", "--yes"], here.activate()]:
            here.run(*command, code=None)
        hit = set(here.platform.stats["faults"])
        here.platform.ask("/faults", [])
        for command in (
            ["group", "show", MONIKER],
            ["events", "poll"],
            ["reconcile"],
            ["doctor"],
            ["resolve", "--look-up"],
        ):
            here.run(*command, code=None)
            here.run(*command, code=None, env={"PREACTIVE_ACCOUNTS__T__TOKEN": WRONG})
        listening = here.start("events", "serve", "--port", "0")
        address = until(lambda: listening.printed, 60, "the address").split()[-1]
        body = {"eventId": "e-9", "eventTime": "2026-01-01T00:00:00Z", "eventType": "EndpointIMEIChanged_v1"}
        for hook in (HOOK, WRONG):
            try:
                fetch(address, body, headers={"Authorization": f"Bearer {hook}"})
            except HTTPError as refused:
                assert (hook, refused.code) == (WRONG, 401)
        listening.signal(signal.SIGTERM)
        assert listening.end(30).code == 0
        service = Service(here, env={"PREACTIVE_ORDERS_TOKEN": "canary-of-the-shop"})
        service.sell("A-1", token="canary-of-the-shop")
        service.close()

        write_down(url, here.folder / "store.txt")
        assert set(FAULTS) <= hit
        assert leaks(here.folder, prefect_api.home, secrets=[TOKEN, WRONG, HOOK, "canary-of-the-shop"]) == []


def test_the_search_finds_what_is_in_postgresql(tmp_path, postgres):
    url = postgres.fresh()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO batches (account, name, tags, created_at) VALUES ('t', 'b', %s, 0)", ['["canary-tag"]']
        )
    write_down(url, tmp_path / "store.txt")

    assert len(leaks(tmp_path, secrets=["canary-tag"])) == 1
