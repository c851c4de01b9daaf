import json

import pytest

from adapters.platforms.simulator import SimulatorConfig


def test_an_unknown_platform_is_refused():
    with pytest.raises(ValueError, match="sft and stacuity"):
        SimulatorConfig(platform="acme")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_only_loopback_is_listened_on_unless_allowed(host):
    with pytest.raises(ValueError, match="allow_remote"):
        SimulatorConfig(host=host)
    assert SimulatorConfig(host=host, allow_remote=True).host == host


@pytest.mark.parametrize(("given", "meant"), [(2, (2, 2)), ("0.5", (0.5, 0.5)), ("1-3", (1, 3)), ((1, 3), (1, 3))])
def test_a_latency_is_one_number_or_a_range(given, meant):
    assert SimulatorConfig.model_validate({"latency_write": given}).latency_write == meant


def test_a_latency_range_goes_upwards():
    with pytest.raises(ValueError, match="low to high"):
        SimulatorConfig(latency_read=(3, 1))


@pytest.mark.parametrize(("rate", "burst", "size"), [(2.0, None, 2.0), (0.5, None, 1.0), (2.0, 10, 10)])
def test_the_bucket_holds_the_burst_or_one_second(rate, burst, size):
    assert SimulatorConfig(rate_per_second=rate, burst=burst).bucket_size == size


def test_faults_come_from_a_profile_a_file_or_a_list(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"fault": "html_502", "route": "/api/fetchSIM"}]))
    assert SimulatorConfig.model_validate({"faults": "errors"}).faults[0].fault == "error_after"
    assert SimulatorConfig.model_validate({"faults": str(file)}).faults[0].route == "/fetchSIM"
    assert SimulatorConfig.model_validate({"faults": [{"fault": "drip"}]}).faults[0].route == "*"


@pytest.mark.parametrize("name", ["none", "errors", "hangs", "chaos", "storm"])
def test_every_named_profile_is_valid(name):
    assert bool(SimulatorConfig.model_validate({"faults": name}).faults) == (name != "none")


def test_an_unknown_profile_is_refused_with_the_names():
    with pytest.raises(ValueError, match="profiles are none, errors"):
        SimulatorConfig.model_validate({"faults": "typhoon"})
