"""The automations that belong to the deployments, as code: made, brought up to date and taken away by one command."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events import AutomationCore, EventTrigger
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.automations import Posture
from prefect.exceptions import ObjectNotFound

from domain.errors import SettingsError
from domain.events import ACTIVATION_REQUESTED, ORDER_REQUESTED, RAW_SHORT, REFUND_WAITS, RUN_HAS_FAILURES, STOCK_LOW

OURS = "preactive: "
RESUME, ACTIVATE, SELL = "resume/unfinished", "activate/batch", "sell/order"
_RESUME_FLOW = "resume"
FLOWS = ("provision", "activate", "lifecycle", "reconcile", "retry", "resolve", "events", "sell", "replenish", "resume")
# Prefect's heartbeats come each two minutes or more often.
SILENCE = timedelta(seconds=600)
_WAIT_SECONDS = 60.0
_RUN = "{{ flow_run.name }} ({{ flow_run|ui_url }})"


def definitions(
    deployments: Mapping[str, UUID], notify: UUID | None, *, silence: timedelta = SILENCE
) -> list[AutomationCore]:
    """Every automation. Without a notification block, those that would only notify are left out."""

    def tell(subject: str, body: str) -> list[ActionTypes]:
        return [] if notify is None else [SendNotification(block_document_id=notify, subject=subject, body=body)]

    made = [
        _automation(
            "zombie runs",
            "A run that gives no sign of life is set to Crashed.",
            EventTrigger(
                match={"prefect.resource.id": "prefect.flow-run.*"},
                after={"prefect.flow-run.heartbeat", "prefect.flow-run.Pending"},
                expect={"prefect.flow-run.*"},
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=silence,
            ),
            # Nothing else: a short run's first heartbeat may come after its end. Prefect refuses the change of state
            # then, and would carry out all other actions of this automation.
            [ChangeFlowRunState(state=StateType.CRASHED, message="The run's process gave no sign of life.")],
        ),
        _automation(
            "crashed runs",
            "What a crashed run left undone is resumed.",
            _on("prefect.flow-run.Crashed", of=[name for name in FLOWS if name != _RESUME_FLOW]),
            [
                RunDeployment(deployment_id=deployments[RESUME], parameters=None),
                *tell("A run crashed", f"{_RUN} is Crashed; what it left undone is resumed."),
            ],
        ),
        _automation(
            "resume crashed",
            "The run that resumes what others left has crashed; its schedule starts it again.",
            _on("prefect.flow-run.Crashed", of=[_RESUME_FLOW]),
            tell("Resuming crashed", f"{_RUN} is Crashed; its schedule starts it again within ten minutes."),
        ),
        _automation(
            "late runs",
            "Runs of a schedule are not started: nothing serves the deployments, or it is busy.",
            EventTrigger(
                expect={"prefect.flow-run.Late"},
                match_related=_of_flows(FLOWS),
                for_each={"related:deployment:prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=3,
                within=timedelta(minutes=10),
            ),
            tell(
                "Scheduled runs are not started",
                f"Three runs of a deployment are late, the last is {_RUN}; see `preactive doctor`.",
            ),
        ),
        _automation(
            "activation requested",
            f"The event {ACTIVATION_REQUESTED} starts {ACTIVATE}; its payload is the request.",
            _on(ACTIVATION_REQUESTED),
            [RunDeployment(deployment_id=deployments[ACTIVATE], parameters=_PAYLOAD_AS_REQUEST)],
        ),
        _automation(
            "order requested",
            f"The event {ORDER_REQUESTED} starts {SELL}; its payload is the order.",
            _on(ORDER_REQUESTED),
            [RunDeployment(deployment_id=deployments[SELL], parameters=_PAYLOAD_AS_REQUEST)],
        ),
        _automation(
            "waiting for approval",
            "A run waits for signatures.",
            _on("prefect.flow-run.Suspended"),
            tell("A run waits for approval", f"{_RUN} waits for signatures."),
        ),
        _automation(
            "failures",
            "A run ended with something for a person to look at.",
            _on(RUN_HAS_FAILURES),
            tell("A run ended with failures", "{{ event.payload.batch }}: {{ event.payload.sentence }}"),
        ),
        _automation(
            "refund waits",
            "A refund is recorded and cannot be carried out without a person.",
            _on(REFUND_WAITS),
            tell("A refund waits", "{{ event.payload.account }}: {{ event.payload.sentence }}"),
        ),
        _automation(
            "stock below its mark",
            "Fewer pre-active endpoints wait than the settings ask for.",
            _on(STOCK_LOW),
            tell(
                "Stock is low",
                "{{ event.payload.account }}, {{ event.payload.tag }}: {{ event.payload.pre_active }} wait, "
                "the low mark is {{ event.payload.low }}. {{ event.payload.sentence }}",
            ),
        ),
        _automation(
            "raw SIMs run out",
            "The SIMs that stock is filled up from are gone, or soon will be.",
            _on(RAW_SHORT),
            tell(
                "Raw SIMs run out",
                "{{ event.payload.account }}, {{ event.payload.tag }}: {{ event.payload.sentence }}",
            ),
        ),
    ]
    return [one for one in made if one.actions]


# The whole payload as one object, so that the deployment's own form checks it.
_PAYLOAD_AS_REQUEST: dict[str, Any] = {
    "request": {
        "__prefect_kind": "json",
        "value": {"__prefect_kind": "jinja", "template": "{{ event.payload | tojson }}"},
    }
}


def _on(event: str, *, of: Sequence[str] = ()) -> EventTrigger:
    """At once at an event, also only where it is of one of these flows."""
    related = _of_flows(of) if of else {}
    return EventTrigger(
        expect={event}, match_related=related, posture=Posture.Reactive, threshold=1, within=timedelta(0)
    )


def _of_flows(names: Sequence[str]) -> Any:
    return {"prefect.resource.role": "flow", "prefect.resource.name": list(names)}


def _automation(name: str, description: str, trigger: EventTrigger, actions: list[ActionTypes]) -> AutomationCore:
    return AutomationCore(
        name=f"{OURS}{name}", description=description, tags=["preactive"], trigger=trigger, actions=actions
    )


async def apply(notify: str, *, silence: timedelta = SILENCE) -> list[str]:
    """Bring the server's automations to these, and say what was done to each. Those of other people stay.

    Raises SettingsError for a notification block or a deployment that is not there.
    """
    async with get_client() as client:
        wanted = definitions(
            {name: await _deployment(client, name) for name in (RESUME, ACTIVATE, SELL)},
            await _block(client, notify) if notify else None,
            silence=silence,
        )
        there = {one.name: one for one in await client.read_automations() if one.name.startswith(OURS)}
        done = [await _bring(client, one, there.get(one.name)) for one in wanted]
        for name in sorted(there.keys() - {one.name for one in wanted}):
            await client.delete_automation(there[name].id)
            done.append(f"{name}: taken away")
    return done


async def _bring(client: PrefectClient, wanted: AutomationCore, there: Any) -> str:
    if there is None:
        await client.create_automation(wanted)
        return f"{wanted.name}: made"
    if _content(there) == _content(wanted):
        return f"{wanted.name}: as it was"
    whole = wanted.model_dump(exclude={"owner_resource"})  # the client sends what was set, and the server refuses this
    await client.update_automation(there.id, AutomationCore.model_validate(whole))
    return f"{wanted.name}: changed"


def _content(automation: AutomationCore) -> Any:
    """What an automation says, without the ids that the server gives to its parts."""
    return _without_ids(automation.model_dump(mode="json", include=set(AutomationCore.model_fields)))


def _without_ids(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_ids(part) for key, part in value.items() if key != "id"}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_without_ids(part) for part in value]
    return value


async def _deployment(client: PrefectClient, name: str) -> UUID:
    until = time.monotonic() + _WAIT_SECONDS  # what serves them may have been started this moment
    while True:
        try:
            return (await client.read_deployment_by_name(name)).id
        except ObjectNotFound:
            if time.monotonic() > until:
                raise SettingsError(
                    f"The server has no deployment {name}; serve them with `preactive up`, or deploy them first."
                ) from None
            await asyncio.sleep(0.5)


async def _block(client: PrefectClient, slug: str) -> UUID:
    kind, _, name = slug.partition("/")
    try:
        return (await client.read_block_document_by_name(name, kind)).id
    except ObjectNotFound:
        raise SettingsError(
            f"The server has no block {slug}, which the setting notify names as type/name; make it in the UI first."
        ) from None
