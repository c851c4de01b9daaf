"""Suspends a run that changes too much for one person until two have signed for it."""

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from pydantic import Field, SecretStr, ValidationError

from domain.approval import SENTENCES, Change, Decision, Request, Standing
from domain.errors import NotApproved
from tasks import resources
from tasks.steps import API_TROUBLE

WAIT_SECONDS = 7 * 24 * 3600


class Signature(RunInput):
    """Who answers, and what."""

    name: str = Field(title="Your name", max_length=64, json_schema_extra={"position": 0})
    code: SecretStr = Field(
        title="One of your codes",
        description="From the list that you got as an approver; each works once",
        max_length=64,
        json_schema_extra={"position": 1},
    )
    decision: Decision = Field(
        default=Decision.APPROVE, title="Decision", description="Refuse ends the run", json_schema_extra={"position": 2}
    )


def deployed_run() -> str | None:
    """The id of the running flow when it was started from a deployment, so in the UI, by a schedule or by an event."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow_run.deployment_id is None:
        return None
    return str(context.flow_run.id)


def approved_count(change: Change) -> int | None:
    """For how many endpoints two persons approved this change in this run, as the store has it.

    None at a terminal, where the person who types answers for the limit.
    """
    run = deployed_run()
    return None if run is None else resources.approved(run, change)


async def approved(change: Change) -> None:
    """Go on only with a change that one person may make, or that two have signed for; else suspend the run.

    A run that is resumed begins anew and comes here again; the store knows what was answered.

    Raises NotApproved.
    """
    run = deployed_run()
    if run is None or not change.needs_approval:
        return
    request = resources.request_approval(run, change)
    if request.standing is Standing.WAITING and resources.able_to_sign() < 2:
        raise NotApproved(
            f"{_sentence(change)}. Two persons must sign, and fewer than two have codes left; "
            "`preactive approver add NAME` enters one."
        )
    while request.standing is Standing.WAITING:
        request = await _ask(change, request)
        get_run_logger().info("approval: %s %s", request.answers[-1].name, SENTENCES[request.answers[-1].verdict])
    if request.standing is Standing.REFUSED:
        raise NotApproved(f"{_sentence(change)}; {request.why_refused}, so nothing was changed.")
    get_run_logger().info("approved for %s endpoints by %s", f"{request.count:,}", " and ".join(request.signers))


async def _ask(change: Change, request: Request) -> Request:
    key = f"{change.digest[:12]}-{len(request.answers)}"
    form = Signature.with_initial_data(description=_question(change, request))
    try:
        said = await asuspend_flow_run(wait_for_input=form, timeout=WAIT_SECONDS, key=key)
        name, code, decision = said.name, said.code.get_secret_value(), said.decision
    except ValidationError:  # somebody set the run going without an answer
        name, code, decision = "", "", Decision.APPROVE
    request = resources.answer_request(request, name, code, decision)
    await _forget(key)
    return request


async def _forget(key: str) -> None:
    """Take the answer with its code out of Prefect's database; it is of no use any more."""
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    try:
        async with get_client() as client:
            await client.delete_flow_run_input(context.flow_run.id, f"suspended-{key}-response")
    except API_TROUBLE:
        return


def _sentence(change: Change) -> str:
    return (
        f"The run would {change.words} on account {change.account}; {change.allowed:,} are allowed without an approval"
    )


def _question(change: Change, request: Request) -> str:
    """What the form says, in markdown."""
    lines = [f"**{_sentence(change)}.**", ""]
    if request.signers:
        lines.append(f"Asked for by **{request.signers[0]}**. Now a **second person** signs, or refuses.")
    else:
        lines.append("First **the person who asks for it** signs, then a second person.")
    if request.answers and SENTENCES[request.answers[-1].verdict] != "signed":
        last = request.answers[-1]
        lines += ["", f"The last answer did not count: {SENTENCES[last.verdict]}. {request.tries_left} more may fail."]
    return "\n".join(lines)
