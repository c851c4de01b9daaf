"""A simulator is one tenant for as long as its state file lives, on whatever port."""

import json

from adapters.platforms.simulator import Simulator, SimulatorConfig


async def tenant_of(**knobs):
    simulator = Simulator(SimulatorConfig.model_validate({"stock": 1, **knobs}))
    await simulator.start()
    await simulator.stop()
    return simulator.engine.tenant


async def test_the_state_file_keeps_the_tenants_id(tmp_path):
    path = tmp_path / "state.json"

    assert await tenant_of(state_file=path) == await tenant_of(state_file=path)


async def test_a_state_file_of_an_older_version_is_one_tenant_too(tmp_path):
    path = tmp_path / "state.json"
    await tenant_of(state_file=path)
    header, *rest = path.read_text().splitlines()
    values = json.loads(header)
    del values["header"]["tenant"]
    path.write_text("\n".join([json.dumps(values), *rest]) + "\n")
    first = await tenant_of(state_file=path)

    assert first == await tenant_of(state_file=path)


async def test_without_a_state_file_each_start_is_another_tenant_unless_one_is_named():
    assert await tenant_of() != await tenant_of()
    assert await tenant_of(tenant="t-1") == "t-1"
