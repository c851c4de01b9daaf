"""Reads a file and makes it a batch."""

from prefect.logging import get_run_logger

from domain.requests import ProvisionRequest
from tasks import resources
from tasks.batch import Batch
from tasks.bound import is_bounded
from tasks.planning import hold_if_unsafe, plan_file
from tasks.signing import bound_of_file
from tasks.steps import step


@step("ingest", "read {request.file}")
async def ingest_file(request: ProvisionRequest) -> Batch:
    """Check the file, hold it if it is not safe, and store it as a batch."""
    session = resources.current(request.account)
    manifest, plan = plan_file(request)
    hold_if_unsafe(request, manifest, plan, bounded=is_bounded())
    bound = bound_of_file(request, manifest, session.account)
    stored = await resources.store_manifest(session, manifest, request, bound=bound)
    get_run_logger().info("batch %s: %s", stored.name, plan.sentence())
    for note in manifest.notes:
        get_run_logger().info("batch %s: %s", stored.name, note)
    return Batch(
        *(stored.batch, stored.name, stored.change, len(manifest.rows), stored.source),
        template=request.name_template or "",
        conflicts=plan.esim_conflicts,
    )
