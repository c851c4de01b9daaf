"""Every new file in the inbox folder becomes a batch."""

from collections import Counter
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from domain.errors import FileRefused, RunIsFull, TooManyRejects, TooMuchChange
from domain.requests import InboxRequest, ProvisionRequest
from flows.provision import provision
from flows.running import told_flow
from tasks import resources
from tasks.resources.inbox import open_inbox, stays

THE_FILES_FAULT = (FileRefused, TooManyRejects, TooMuchChange)
_LATER = "later"


@flow(name="provision", flow_run_name="inbox {request.account}", persist_result=False, log_prints=False)
@told_flow
async def inbox(request: InboxRequest) -> State[dict[str, int]]:
    """Take the files that lie still, oldest first, provision each, and move it aside."""
    found: Counter[str] = Counter()
    with open_inbox(request) as box:
        waiting = box.waiting(request.max_files)
        if request.dry_run:
            words = f"{len(waiting.ready):,} files ready, {waiting.later:,} waiting"
            return Completed(message=f"dry run: {words}; nothing was changed")
        for name in waiting.ready:
            found[await _take(box, name, request)] += 1
            if found[_LATER]:  # the run may not create more; the next one begins with this file
                break
    later = waiting.later + len(waiting.ready) - sum(found.values()) + found.pop(_LATER, 0)
    message = ", ".join(f"{found[word]:,} {word}" for word in ("processed", "rejected", "left"))
    numbers = {**found, "waiting": later}
    if found["left"]:
        return Failed(message=f"{message}, {later:,} waiting", data=numbers)
    return Completed(message=f"{message}, {later:,} waiting", data=numbers)


async def _take(box: Any, name: str, request: InboxRequest) -> str:
    """Provision one file and move it aside; what is not the file's fault ends the run and leaves the file."""
    try:
        with box.claimed(name, resources.file_limits(request.account, request.supplier)) as claim:
            error = await _provision(str(claim.path), claim.digest, request)
            if isinstance(error, THE_FILES_FAULT):
                box.put_aside(name, "rejected", claim=claim, reason=str(error))
                return "rejected"
            if isinstance(error, RunIsFull):
                return _LATER
            if isinstance(error, Exception):
                raise error
            box.put_aside(name, "processed", claim=claim)
            return "processed"
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
    state = await run(wanted, return_state=True)
    return await state.aresult(raise_on_failure=False)
