"""What was left undone: what is said of it before, and what came of it after."""

from typer.testing import CliRunner

from domain.events import failures
from domain.summary import Summary
from flows.__main__ import app
from tasks.going_on import Came
from tasks.selling import Swept
from tests.support.desk import Desk


async def test_work_of_a_process_that_lives_is_named_and_left_alone(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    ledger = await desk.ledger()
    await ledger.step(desk.batch(5), [], 3)
    ended = CliRunner().invoke(app, ["unfinished"])
    as_json = CliRunner().invoke(app, ["unfinished", "--json"])
    desk.close()

    words = "Left alone: provision march on travel: 2 to send, 3 sent by a process that lives or may live.\n"
    assert (ended.exit_code, ended.output) == (0, words)
    assert (as_json.exit_code, as_json.output) == (0, "")


def test_orders_that_need_a_person_are_in_the_last_word_and_in_the_exit_code():
    came = Came(done=[Summary("b", "r", confirmed=3)], swept={"t": Swept(done=1), "u": Swept(needs_human=2)})
    summary = came.summary("r")

    assert summary.sentence().startswith("3 confirmed; t: 1 orders finished, 0 SIMs put back")
    assert "u: 0 orders finished, 0 SIMs put back, 0 orders in progress, 2 need a person" in summary.sentence()
    assert failures(summary)["sentence"] == summary.sentence()
    assert summary.exit_code == 3
    assert failures(Came(swept={"t": Swept(done=1)}).summary("r")) is None
