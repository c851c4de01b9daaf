"""Suspends a run that changes too much for one person until two have signed for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from uuid import UUID

from httpx import HTTPStatusError
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import acreate_flow_run_input
from prefect.input.run_input import Keyset
from prefect.logging import get_run_logger
from pydantic import Field, SecretStr, ValidationError

from domain.approval import SENTENCES, Change, Decision, Request, Standing
from domain.errors import RunIsFull, TooMuchChange
from tasks import resources
from tasks.signing import check_approved, request_for, sentence
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

    @classmethod
    async def asave(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> None:
        """Keep the question in Prefect, and then the form: without its form nobody can answer.

        Prefect shows the run as suspended before, and throws away what was kept for it until then.
        """
        with _kept_already():
            await acreate_flow_run_input(keyset["description"], cls._description, flow_run_id)
        with _kept_already():
            await super().asave(keyset, flow_run_id)


@contextmanager
def _kept_already() -> Iterator[None]:
    try:
        yield
    except HTTPStatusError as error:
        if error.response.status_code != HTTPStatus.CONFLICT:
            raise


def deployed_run() -> str | None:
    """The id of the running flow when it can be suspended: it was started from a deployment, and by no other flow."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow_run.deployment_id is None:
        return None
    return str(context.flow_run.id)


async def approved(change: Change | None) -> None:
    """Go on only when nothing must be signed, or two persons have signed it; else suspend the run.

    A run that is resumed begins anew and comes here again; the store knows what was answered.

    Raises NotApproved, and TooMuchChange or RunIsFull where nobody can be asked.
    """
    if change is None:
        return
    run = deployed_run()
    if run is None and change.fits_another_run:
        raise RunIsFull(f"{sentence(change)}, of {change.bound:,} in one run; nothing was changed, start another run.")
    if run is None:
        raise TooMuchChange(
            f"{sentence(change)}, and nobody can be asked here, so nothing was changed; start it from a deployment of "
            f"its own, or at a terminal with --limit {change.count}."
        )
    request = request_for(run, change)
    while request.standing is Standing.WAITING:
        request = await _ask(change, request)
        get_run_logger().info("approval: %s %s", request.answers[-1].name, SENTENCES[request.answers[-1].verdict])
    check_approved(change, request)
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


def _question(change: Change, request: Request) -> str:
    """What the form says, in markdown."""
    lines = [f"**{sentence(change)}.**", ""]
    if request.signers:
        lines.append(f"Asked for by **{request.signers[0]}**. Now a **second person** signs, or refuses.")
    else:
        lines.append("First **the person who asks for it** signs, then a second person.")
    if request.answers and SENTENCES[request.answers[-1].verdict] != "signed":
        last = request.answers[-1]
        lines += ["", f"The last answer did not count: {SENTENCES[last.verdict]}. {request.tries_left} more may fail."]
    return "\n".join(lines)
