"""States, moves, lifecycle, errors, exit codes and the client's calls stand in the pages as the code has them."""

import pytest

from adapters.http import order_api
from adapters.platforms.sft import client, wire
from adapters.store.tables import metadata
from domain import lifecycle, operation, order
from domain.errors import PreactiveError
from domain.lifecycle import Kind, Lifecycle, NetworkState
from domain.operation import State
from domain.order import OrderState
from domain.outcome import Because, Verdict
from domain.summary import Summary
from tests.docs.pages import DOCS, README, section, spans, table, text_of

ARCHITECTURE, RUNBOOK, PLATFORMS = (DOCS / f"{name}.md" for name in ("architecture", "runbook", "platforms"))


def code(*words: str) -> str:
    """Words as a cell of a table lists them."""
    return ", ".join(f"`{word}`" for word in words)


def test_the_states_of_an_operation_stand_with_their_sentences_and_moves():
    rows = table(section(ARCHITECTURE, "States of an operation"), "state")

    assert rows == [
        [code(state), operation.SENTENCES[state], code(*(after for after in State if after in operation.MOVES[state]))]
        for state in State
    ]


def test_the_lifecycle_stands_with_every_state():
    rows = table(section(ARCHITECTURE, "Lifecycle of an endpoint"), "state")

    assert [row[0] for row in rows] == [code(state) for state in Lifecycle]
    assert all(row[1] for row in rows)
    assert {state.value for state in NetworkState} <= set(spans(section(ARCHITECTURE, "Lifecycle of an endpoint")))


def test_the_moves_of_the_lifecycle_are_those_of_the_rules():
    rows = table(section(ARCHITECTURE, "Lifecycle of an endpoint"), "change")

    assert rows == [
        [
            code(kind),
            code(*(state for state in Lifecycle if state in move.allowed_from)),
            code(move.to) if move.to else "",
            move.sentence,
        ]
        for kind, move in lifecycle.MOVES["sft"].items()
    ]


def _errors(of: type[PreactiveError] = PreactiveError) -> list[type[PreactiveError]]:
    return [of, *(error for child in of.__subclasses__() for error in _errors(child))]


def test_every_error_stands_with_its_exit_code():
    rows = table(section(RUNBOOK, "Errors and exit codes"), "error")
    ours = {error.__name__: error.exit_code for error in _errors() if error.__module__ == "domain.errors"}

    assert {row[0].strip("`"): int(row[1]) for row in rows} == ours


def test_the_exit_codes_of_the_readme_are_those_of_errors_and_runs():
    shown = {int(row[0]) for row in table(section(README, "Exit codes"), "code")}
    runs = {Summary("", "", **numbers).exit_code for numbers in ({}, {"refused": 1}, {"open": 1})}

    assert shown == {error.exit_code for error in _errors()} | runs


def test_every_word_of_a_runs_last_message_is_explained():
    explained = {row[0].strip("`") for row in table(section(RUNBOOK, "What the final message means"), "in the message")}
    everything = Summary("", "", confirmed=2, already=2, rejected=2, duplicates=2, refused=2, in_doubt=2, needs_human=2)
    more = {"open": 2, "stopped": True, "blank": 2, "other_names": 2, "asked": 5, "available": 1}
    sentence = Summary(**(vars(everything) | more | {"writes": {Kind.CREATE: 2}})).sentence()
    parts = sentence.replace(" (", ", (").replace("for, 1", "for; 1").replace("; ", ", ").split(", ")

    assert explained == {part.lstrip("125 ") for part in parts} - {"available"}


def test_every_event_and_verdict_of_a_history_is_explained():
    events = {row[0].strip("`"): row[1] for row in table(section(RUNBOOK, "Read a history"), "event")}

    assert set(events) == {
        "sent",
        "answer",
        "seen",
        "orphaned",
        "lookup",
        "differs",
        "person",
        "recorded",
        "again",
        "event",
        "given_back",
        "ordered",
    }
    assert {*Because, Verdict.DONE, Verdict.UNKNOWN} == set(spans(events["answer"]))


def test_the_calls_of_the_client_stand_with_their_paths():
    rows = {row[0].strip("`"): row[1] for row in table(section(PLATFORMS, "Calls"), "name")}

    assert set(rows) == {*client.PATHS, "bulk_create"}
    assert [name for name, path in client.PATHS.items() if path not in rows[name]] == []


@pytest.mark.parametrize("codes", [wire.ALREADY, wire.BAD_LOGIN, wire.VERIFY, wire.EMPTY], ids=sorted)
def test_every_code_that_the_client_knows_is_explained(codes):
    answers = [row[0] for row in table(section(PLATFORMS, "What the client does with an answer"), "answer")]

    assert any(all(code in answer for code in codes) for answer in answers)


def test_the_words_of_the_platform_are_those_of_the_rules():
    rows = table(section(PLATFORMS, "States of SIMs"), "word")

    assert rows == [[code(word), code(state)] for word, state in lifecycle.WORDS["sft"].items()]


def test_every_table_of_the_store_is_named():
    assert set(metadata.tables) <= set(spans(text_of(ARCHITECTURE)))


def test_the_states_of_an_order_stand_with_their_sentences():
    rows = table(section(DOCS / "orders.md", "What happens to an order"), "state")

    assert rows == [[code(state), order.SENTENCES[state]] for state in OrderState]


def test_every_state_of_an_order_stands_with_its_answer():
    rows = table(section(DOCS / "orders.md", "The order service"), "answer")

    assert {row[1]: int(row[0]) for row in rows if row[1]} == {
        code(state): order_api.ANSWERS[state] for state in OrderState
    }
