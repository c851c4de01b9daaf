"""F01 to F10: the platform is out of reach, does not let us in, or asks us to wait."""

from itertools import pairwise

import pytest

from adapters.platforms.simulator import Simulator, SimulatorConfig
from domain.errors import LoginRefused, PlatformUnreachable, Stopped
from domain.operation import State
from tests.support.certificates import certificate
from tests.support.virtual_time import now
from tests.support.virtual_world import KNOBS, in_virtual_time

CREATE = "CreateEndPoint"


def all_planned(world):
    return world.states() == {State.PLANNED: len(world.iccids)}


@in_virtual_time()
async def test_f01_a_refused_connection_is_a_definite_no(world):
    world.batch()
    session = await world.process()
    await session.platform.login()
    await world.simulator.stop()

    error = await world.run(session)

    assert isinstance(error, PlatformUnreachable | Stopped)
    assert all_planned(world)
    assert now() > 10  # it waited longer and longer, and then gave up


@in_virtual_time()
async def test_f01_a_host_name_that_is_not_known_is_a_definite_no(world):
    world.batch()

    error = await world.run(await world.process(base_url="https://no-such-host.invalid/api"))

    assert isinstance(error, PlatformUnreachable)
    assert "the host name is not known" in str(error)
    assert all_planned(world)


@pytest.mark.parametrize("wrong", ["nobody vouches for it", "expired", "another name"])
def test_f02_a_certificate_that_is_not_valid_ends_the_run(play, tmp_path, monkeypatch, wrong):
    """And nothing is sent without it, neither there nor in plain."""
    name = "127.0.0.2" if wrong == "another name" else "127.0.0.1"
    files = certificate(tmp_path, name=name, until_days=-1 if wrong == "expired" else 1)
    if wrong != "nobody vouches for it":
        monkeypatch.setenv("SSL_CERT_FILE", str(files.cert))

    async def scenario(world):
        secure = Simulator(SimulatorConfig.model_validate({**KNOBS, "tls_cert": files.cert, "tls_key": files.key}))
        base_url = await secure.start()
        world.batch()
        error = await world.run(await world.process(base_url=base_url))
        await secure.stop()

        assert isinstance(error, PlatformUnreachable)
        assert "TLS certificate" in str(error)
        assert all_planned(world)
        assert secure.engine.stats.requests.total() == world.requests() == 0

    play(scenario)


@pytest.mark.parametrize("form", [1, 2, 3])
def test_f03_a_token_that_expires_under_way_is_replaced_once_for_all(play, form):
    async def scenario(world):
        world.batch()
        assert await world.run() is None

        world.check_all_made()
        assert 2 <= world.requests("login") <= 4  # 12 creates, 5 calls to a token, 4 at once
        assert world.commits("create") == 12

    play(scenario, rows=12, knobs={"token_calls": 5, "expired_form": form})


@in_virtual_time(faults=[{"fault": "token_expired", "route": CREATE}])
async def test_f03_a_token_that_is_never_taken_ends_the_run_and_keeps_everything_planned(world):
    world.batch()

    assert isinstance(await world.run(), LoginRefused)
    assert all_planned(world)
    assert world.requests("login") == 1  # it is brand new, so another one would be refused too


@in_virtual_time()
async def test_f04_one_that_is_forbidden_is_refused_and_the_others_go_on(world):
    world.batch()
    world.faults({"fault": "forbidden", "route": CREATE, "iccids": world.iccids[1]})
    await world.run()

    assert world.states() == {State.CONFIRMED: 2, State.REFUSED: 1}
    assert world.state_of(world.iccids[1])[0] is State.REFUSED


@pytest.mark.parametrize("status", [200, 400, 422])
def test_f05_an_item_that_is_refused_keeps_the_platforms_words(play, status):
    async def scenario(world):
        world.batch()
        world.faults({"fault": "refused", "route": CREATE, "iccids": world.iccids[0], "status": status})
        await world.run()

        assert world.states() == {State.CONFIRMED: 2, State.REFUSED: 1}
        assert world.state_of(world.iccids[0]) == (
            State.REFUSED,
            "Incorrect value \u2039b\u203afor this item\u2039/b\u203a",
        )
        assert world.requests(CREATE) == 3

    play(scenario)


@in_virtual_time(rows=4, faults=[{"fault": "throttle", "route": CREATE, "nth": 2, "retry_after": "120"}])
async def test_f06_a_wait_that_the_platform_asks_for_is_kept_by_every_process(world):
    world.batch()
    first, second = await world.process(), await world.process()
    await second.platform.login()
    await world.run(first)
    throttled = world.times(CREATE)[1]
    await second.platform.sims_page(1)

    world.check_all_made()
    later = [at for at in [*world.times(CREATE), *world.times("fetchSIM")] if at > throttled + 1]
    assert min(later) >= throttled + 119


@pytest.mark.parametrize("header", ["date", None, "-5", "1000000000", "soon", "0", "nan", "inf"])
def test_f07_whatever_the_platform_asks_for_the_wait_is_never_zero_and_never_for_ever(play, header):
    async def scenario(world):
        world.batch()
        await world.run()

        world.check_all_made()
        assert 0.9 <= max(b - a for a, b in pairwise(world.times(CREATE))) <= 15 * 60 + 10

    play(scenario, faults=[{"fault": "throttle", "route": CREATE, "nth": 1, "retry_after": header}])


@in_virtual_time(faults=[{"fault": "throttle", "when": "after", "route": CREATE, "nth": 1}], throttled_may_be_done=True)
async def test_f08_a_refusal_for_the_rate_may_come_after_the_commit_if_the_account_says_so(world):
    world.batch()
    await world.run()

    world.check_all_made()
    assert world.commits("create") == world.requests(CREATE) == 3


@in_virtual_time(
    knobs={"duplicates": True},
    faults=[{"fault": "throttle", "when": "after", "route": CREATE, "nth": 1}],
)
async def test_f08_without_that_setting_such_a_platform_gets_a_second_endpoint(world):
    """What the setting is for: nothing else can tell this platform from one that refuses before it acts."""
    world.batch()
    await world.run()

    assert world.commits("create") == 4


@in_virtual_time(rows=40, faults=[{"fault": "unavailable", "stop": 3600}])
async def test_f09_an_hour_of_maintenance_is_waited_out_with_one_probe_at_a_time(world):
    """Logged in before it began. What was sent then is looked up; no further write goes out to be burnt."""
    world.batch()
    world.faults()
    session = await world.process()
    await session.platform.login()
    world.faults({"fault": "unavailable", "stop": 3600})
    error = await world.run(session)

    assert error is None
    world.check_all_made()
    during = [at for at in world.times(CREATE) if at < 3600]
    assert len(during) <= 20
    assert world.requests() < 700
    print(f"an hour of maintenance: {len(during)} writes into it, {world.requests()} calls in all")


@in_virtual_time(rows=60, knobs={"rate_per_second": 20, "burst": 5})
async def test_f10_a_limit_lower_than_documented_is_found_and_kept(world):
    world.batch()
    session = await world.process()
    await session.platform.login()
    world.simulator.engine.change_settings({"rate_per_second": 5, "burst": 5})
    await world.run(session)

    world.check_all_made()
    assert 0 < world.simulator.engine.stats.refused_for_rate < 30
