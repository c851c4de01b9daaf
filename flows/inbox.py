"""Every new file in the inbox folder becomes a batch."""

from collections import Counter
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.states import Completed, Failed

from domain.errors import FileRefused, RunIsFull, Stopped, TooManyRejects, TooMuchChange
from domain.requests import InboxRequest, ProvisionRequest
from domain.summary import Summary
from domain.taken import Taken
from flows.provision import provision
from flows.running import is_stopping, one_at_a_time, rename, told_flow
from tasks import resources
from tasks.resources.inbox import open_inbox, stays

THE_FILES_FAULT = (FileRefused, TooManyRejects, TooMuchChange)
_LATER = "later"


@flow(name="provision", flow_run_name="inbox", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def inbox(request: InboxRequest) -> State[Taken]:
    """Take the files that lie still, oldest first, provision each, and move it aside."""
    found: Counter[str] = Counter()
    with open_inbox(request) as box:
        waiting = box.waiting(request.max_files)
        if request.dry_run:
            words = f"{len(waiting.ready):,} files ready, {waiting.later:,} waiting"
            return Completed(message=f"dry run: {words}; nothing was changed")
        if waiting.ready:
            await rename(f"inbox · {len(waiting.ready):,} file{'s' if len(waiting.ready) > 1 else ''}")
        for name in waiting.ready:
            found[await _take(box, name, request)] += 1
            if found[_LATER] or await is_stopping():
                break
    later = len(waiting.ready) - sum(found.values()) + found.pop(_LATER, 0)
    stopped = bool(later or found["unfinished"]) and await is_stopping()
    taken = Taken(**found, waiting=waiting.later + later, stopped=stopped)
    return (Completed if taken.is_complete else Failed)(message=taken.sentence(), data=taken)


async def _take(box: Any, name: str, request: InboxRequest) -> str:
    """Provision one file and move it aside; what is not the file's fault ends the run and leaves the file."""
    try:
        with box.claimed(name, resources.file_limits(request.account, request.supplier)) as claim:
            result = await _provision(str(claim.path), claim.digest, request)
            if isinstance(result, THE_FILES_FAULT):
                box.put_aside(name, "rejected", claim=claim, reason=str(result))
                return "rejected"
            if isinstance(result, RunIsFull) or (isinstance(result, Stopped) and await is_stopping()):
                return _LATER
            if isinstance(result, Exception):
                raise result
            box.put_aside(name, "processed", claim=claim)
            # Its batch is in the store, and whatever goes on with batches goes on with it.
            return "unfinished" if isinstance(result, Summary) and not result.is_complete else "processed"
    except FileRefused as error:
        if stays(error):
            return "left"
        box.put_aside(name, "rejected", reason=str(error))
        return "rejected"


async def _provision(file: str, digest: str, request: InboxRequest) -> object:
    """Run the provision of one file, and return its numbers or its error."""
    wanted = ProvisionRequest(
        file=file,
        account=request.account,
        supplier=request.supplier,
        tags=request.tags,
        digest=digest,
        limit=request.limit,
        dry_run=False,
    )
    run: Any = provision
    try:
        state = await run(wanted, return_state=True)
    except TerminationSignal:  # before the run within could take the signals back from Prefect
        resources.stop_all()
        return Stopped("The run was stopped before the file was read; it stays where it is.")
    return await state.aresult(raise_on_failure=False)
