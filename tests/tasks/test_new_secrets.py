"""A password or token that is changed in its file while a session lives, on both platforms."""

import asyncio
from dataclasses import replace

import pytest

from adapters.platforms.simulator import Simulator, SimulatorConfig, StacuityConfig, StacuitySimulator
from domain.errors import LoginRefused
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from tasks import resources
from tests.support import sft, stacuity
from tests.support.works import work

TOKENS = [letter * 32 for letter in "abc"]


class SftSide:
    """BICS SIM for Things, whose password changes."""

    account, file, secrets = "travel", "PASSWORD_FILE", ("first", "second", "wrong")

    def __init__(self):
        self.simulator = Simulator(SimulatorConfig.model_validate({**sft.FAST, "password": "first"}))

    def change(self, secret):
        """The password is another one from now on, and what was given out for the old one is worth nothing."""
        sessions = self.simulator.engine.sessions
        sessions._users["api-user"] = (secret, sessions._users["api-user"][1])
        sessions._tokens.clear()

    def works(self, count):
        return [work(number, iccid=iccid) for number, iccid in enumerate(list(self.simulator.state.sims)[:count], 1)]

    def done(self):
        return sum(entry.kind == "create" for entry in self.simulator.ledger.entries)

    def tried(self):
        """How often a secret was refused."""
        return self.simulator.engine.sessions._bad_logins["api-user"]


class StacuitySide:
    """Stacuity, whose token changes."""

    account, file, secrets = "fleet", "TOKEN_FILE", tuple(TOKENS)

    def __init__(self):
        self.simulator = StacuitySimulator(StacuityConfig.model_validate({**stacuity.FAST, "token": TOKENS[0]}))

    def change(self, secret):
        engine = self.simulator.account
        engine.config = engine.config.model_copy(update={"token": secret})

    def works(self, count):
        ends = list(self.simulator.estate.endpoints.values())[:count]
        return [
            work(n, Kind.ACTIVATE, iccid=one.iccid, endpoint_id=one.id, target="fleet-main")
            for n, one in enumerate(ends, 1)
        ]

    def done(self):
        return sum(entry.kind == "activate" for entry in self.simulator.ledger.entries) - self.before

    before = 0

    def tried(self):
        return len([one for one in self.simulator.journal.entries() if one["status"] == 401])


@pytest.fixture(params=[SftSide, StacuitySide])
async def side(request, configure, monkeypatch):
    """A platform, and an account whose secret stands in a file."""
    made = request.param()
    await made.simulator.start()
    made.before = made.done()
    folder = configure('roaming_profile_id = "1234"\napn_group_id = "PDP_1"\nplan_id = "123456"')
    made.path = folder / "secret"
    made.path.write_text(made.secrets[0])
    prefix = f"PREACTIVE_ACCOUNTS__{made.account.upper()}__"
    values = {made.file: str(made.path), "BASE_URL": made.simulator.base_url, "RATE_PER_SECOND": "1000"}
    if made.account == "travel":
        values["USERNAME"] = "api-user"
    for name, value in values.items():
        monkeypatch.setenv(prefix + name, value)
    yield made
    await made.simulator.stop()


async def performed(session, works):
    """What these changes come to, all at once, as of an intent of now."""
    now = (await session.now()).at
    return await asyncio.gather(*(session.platform.perform(replace(one, sent_at=now)) for one in works))


async def test_a_secret_that_was_changed_in_its_file_is_used_without_a_restart(side):
    first, *rest = side.works(6)
    async with resources.session(side.account) as session:
        await session.platform.login()
        await performed(session, [first])
        side.change(side.secrets[1])
        side.path.write_text(side.secrets[1] + "\n")
        answers = await performed(session, rest)

    assert {answer.verdict for answer in answers} == {Verdict.DONE}
    assert side.done() == 6, "a write that was answered 401 was not carried out, and none was made twice"


async def test_a_secret_that_is_the_same_as_before_is_not_tried_again(side):
    async with resources.session(side.account) as session:
        await session.platform.sims_page(1)
        side.change(side.secrets[1])
        answers = await performed(session, side.works(1))
        before = side.tried()
        with pytest.raises(LoginRefused):
            await session.platform.login()

    assert {answer.because for answer in answers} == {Because.LOGIN}
    assert side.done() == 0
    assert before == 1
    # SFT locks accounts after a few bad logins; Stacuity's token may have been disabled for a moment only.
    assert side.tried() - before == (0 if side.account == "travel" else 1)


async def test_a_wrong_new_secret_is_tried_once_and_a_right_one_after_it_is_used(side):
    works = side.works(8)
    async with resources.session(side.account) as session:
        await session.platform.sims_page(1)
        side.change(side.secrets[1])
        side.path.write_text(side.secrets[2])
        refused = await performed(session, works[:1])
        assert side.tried() == 2, "the old one and the wrong one, each once"
        if side.account == "travel":
            refused += await performed(session, works[:4])
            assert side.tried() == 2
        side.path.write_text(side.secrets[1])
        answers = await performed(session, works)

    assert {answer.because for answer in refused} == {Because.LOGIN}
    assert {answer.verdict for answer in answers} == {Verdict.DONE}
    assert side.done() == 8


async def test_a_file_that_is_gone_for_a_moment_leaves_the_refusal(side):
    async with resources.session(side.account) as session:
        await session.platform.sims_page(1)
        side.change(side.secrets[1])
        side.path.unlink()
        (refused,) = await performed(session, side.works(1))
        side.path.write_text(side.secrets[1])
        (answer,) = await performed(session, side.works(1))

    assert (refused.because, answer.verdict) == (Because.LOGIN, Verdict.DONE)


LOCKS = pytest.mark.parametrize("side", [SftSide], indirect=True, ids=[""])


@pytest.fixture
async def sft_side(side):
    """A platform after a session whose password was refused."""
    side.path.write_text(side.secrets[2])
    with pytest.raises(LoginRefused):
        await logged_in(side)
    return side


async def logged_in(side, **options):
    """Log in as a process of its own does."""
    async with resources.session(side.account, **options) as session:
        await session.platform.login()


@LOCKS
async def test_what_is_refused_to_one_session_is_not_tried_by_the_next_ones_or_the_account_would_be_locked(sft_side):
    for _ in range(6):
        with pytest.raises(LoginRefused, match=r"is not tried again until .* UTC: `preactive doctor` tries at once"):
            await logged_in(sft_side)
    assert sft_side.tried() == 1
    sft_side.path.write_text(sft_side.secrets[0])

    await logged_in(sft_side)  # another password is tried at once, and the account is not locked


@LOCKS
async def test_a_person_may_try_at_once_and_an_accepted_login_lets_all_others_in(sft_side):
    with pytest.raises(LoginRefused, match=r"check user name and password in the settings.$"):
        await logged_in(sft_side, tries_again=True)
    sft_side.change(sft_side.secrets[2])
    with pytest.raises(LoginRefused):
        await logged_in(sft_side)
    async with resources.session(sft_side.account, tries_again=True) as session:
        await session.log_in_anyhow()

    await logged_in(sft_side)


@LOCKS
async def test_a_new_password_that_was_refused_to_another_session_is_not_tried_either(sft_side):
    async with resources.session(sft_side.account) as session:
        sft_side.path.write_text(sft_side.secrets[0])
        await session.platform.sims_page(1)
        sft_side.change(sft_side.secrets[1])
        sft_side.path.write_text(sft_side.secrets[2])
        before = sft_side.tried()
        (refused,) = await performed(session, sft_side.works(1))

    assert refused.because is Because.LOGIN
    assert sft_side.tried() - before == 1, "the one that was good until now; the other was refused before"
