"""What a group must be before endpoints go into it, and what a new one may look like."""

from dataclasses import replace

import pytest

from domain.errors import NoRoom, UnusableGroup
from domain.groups import (
    Draft,
    Group,
    GroupKind,
    Policy,
    Slice,
    Target,
    addresses,
    association_problems,
    check_pin,
    check_room,
    draft_problems,
    draft_warnings,
    newcomers,
    policy_problems,
    room_in,
    why_not_assignable,
)

SLICE = Slice("V1", "vslice-main", ("10.0.0.0/24", "10.1.0.0/28"), endpoints=100, apn_patterns=("*.flex",))
GROUP = Group("G1", "fleet-main", "Fleet", GroupKind.PRIMARY, "vslice-main", endpoints=10)
SECOND = Group("G2", "video-apn", "Video", GroupKind.SECONDARY, "vslice-main", apn="video.flex")
DRAFT = Draft("Meters", "meters", "vslice-main", "integrated", "internet-main")
SECONDARY = replace(DRAFT, kind=GroupKind.SECONDARY, apn="meter.flex")


def test_network_and_broadcast_address_serve_no_endpoint():
    assert addresses(["10.0.0.0/24"]) == 254
    assert addresses(["10.0.0.0/24", "10.1.0.0/28"]) == 268
    assert addresses(["10.0.0.0/31", "10.0.0.0/32"]) == 0


def test_without_a_subnet_of_its_own_a_group_shares_all_addresses_of_its_vslice():
    assert room_in(GROUP, SLICE, []) == 168
    assert room_in(GROUP, replace(SLICE, endpoints=None), []) is None, "the platform does not say"
    assert room_in(GROUP, replace(SLICE, endpoints=500), []) == 0


def test_a_subnet_is_shared_by_all_groups_that_name_it():
    own = replace(GROUP, subnet="10.0.0.0/24")
    groups = [own, replace(own, id="G3", endpoints=200), replace(own, id="G4", vslice="other", endpoints=99), GROUP]

    assert room_in(own, SLICE, groups) == 44
    assert room_in(own, SLICE, [own, replace(own, id="G3", endpoints=None)]) is None


NO_IPV4 = ["fd00::/8", "10.0.0.0/33", "10.0.0", "7f9c1d1e-aaaa", "10.0.0.0/24 (main)", "", "ﬁ", "1/2/3"]


@pytest.mark.parametrize("subnet", NO_IPV4)
def test_a_subnet_that_is_no_ipv4_network_has_room_that_nobody_knows(subnet):
    group = replace(GROUP, subnet=subnet)

    assert addresses(["10.0.0.0/24", subnet]) is None
    assert room_in(group, SLICE, [group]) is None
    assert room_in(GROUP, replace(SLICE, subnets=("10.0.0.0/24", subnet)), []) is None


@pytest.mark.parametrize("subnet", NO_IPV4)
def test_the_plan_says_that_the_room_is_not_known_because_of_a_subnet_that_cannot_be_read(subnet):
    said = Target("eu", "G1", None, 100, ("10.0.0.0/24", subnet)).sentence()

    assert said == f"group eu (G1): how many addresses are left is not known, since {subnet!r} is no IPv4 network"


def test_pooled_addresses_do_not_limit_how_many_endpoints_a_group_holds():
    assert room_in(replace(GROUP, is_pooled=True), SLICE, []) is None


def test_more_endpoints_than_addresses_are_held_with_the_numbers():
    target = Target("eu", "G1", 168, 100, SLICE.subnets)
    check_room(target, 168)
    check_room(replace(target, room=None), 10_000)
    with pytest.raises(NoRoom, match=r"168 more endpoints in 10\.0\.0\.0/24, 10\.1\.0\.0/28 and 169 would"):
        check_room(target, 169)


def test_only_who_comes_from_elsewhere_uses_a_new_address():
    shared = Target("eu", "G1", 5, 0, SLICE.subnets, vslice="vslice-main")
    second, own = (
        replace(GROUP, id="G3", moniker="second"),
        replace(GROUP, id="G4", moniker="own", subnet="10.1.0.0/28"),
    )
    far = replace(GROUP, id="G5", moniker="far", vslice="other")
    origins = {"": 1, "G3": 2, "second": 4, "named": 8, "own": 16, "far": 32, "unheard-of": 64}
    groups, ids = [GROUP, second, own, far], {"named": "G3", "second": "G5"}

    assert newcomers(shared, origins) == 127
    assert newcomers(shared, origins, groups, ids) == 127 - 2 - 8 - 16
    assert newcomers(replace(shared, subnet="10.1.0.0/28"), origins, groups, ids) == 127 - 16


def test_a_group_without_a_moniker_is_not_taken_for_no_group():
    target = Target("eu", "G1", 5, vslice="vslice-main")
    assert newcomers(target, {"": 3}, [replace(GROUP, moniker="")]) == 3


def test_a_name_stands_for_the_id_of_its_first_use():
    check_pin("eu", None, "G1")
    check_pin("eu", "G1", "G1")
    with pytest.raises(UnusableGroup, match=r"was G1 when it was first used, and is G2 now.*--group G2 for the new"):
        check_pin("eu", "G1", "G2")
    with pytest.raises(UnusableGroup, match=r"no group is called so now.*Say --group G1 for the old one\.$"):
        check_pin("eu", "G1", None)


def test_the_plan_says_how_many_addresses_are_left():
    target = Target("eu", "G1", 168, 100, SLICE.subnets)

    assert target.sentence() == "group eu (G1): 100 endpoints, addresses for 168 more in 10.0.0.0/24, 10.1.0.0/28"
    assert Target("eu").sentence() == "group eu"


@pytest.mark.parametrize(
    ("group", "vslice", "word"),
    [
        (GROUP, SLICE, ""),
        (replace(GROUP, kind=None), SLICE, ""),
        (GROUP, replace(SLICE, subnets=()), "no subnet"),
        (GROUP, None, "vslice-main is not found on the platform"),
        (replace(GROUP, vslice=""), None, "does not show in which VSlice it is"),
        (GROUP, replace(SLICE, subnets=(), shows_subnets=False), "does not show the subnets of its VSlice"),
        (replace(GROUP, has_routing_policy=False), SLICE, "no routing policy"),
        (replace(GROUP, has_regional_policy=False), SLICE, "no regional policy"),
    ],
)
def test_a_group_takes_endpoints_only_when_they_could_pass_traffic_in_it(group, vslice, word):
    why = why_not_assignable(group, vslice)

    assert bool(why) == bool(word)
    assert word in why


def test_a_secondary_of_which_the_platform_shows_no_primary_is_not_said_to_have_none():
    why = why_not_assignable(replace(SECOND, primary=None, shows_primary=False), SLICE)

    assert "does not show of which" in why
    assert "associate" not in why


def test_a_secondary_that_is_associated_sends_to_its_primary():
    assert "assign to fleet-main" in why_not_assignable(replace(SECOND, primary="fleet-main"), SLICE)


def test_a_secondary_that_is_not_associated_proposes_the_association():
    why = why_not_assignable(SECOND, SLICE, [GROUP, replace(GROUP, moniker="elsewhere", vslice="other")])

    assert "preactive group associate PRIMARY video-apn" in why
    assert "fleet-main" in why
    assert "elsewhere" not in why


def test_a_good_draft_has_no_problems():
    assert draft_problems(DRAFT, SLICE) == []
    assert draft_problems(SECONDARY, SLICE) == []
    assert draft_problems(replace(DRAFT, subnet="10.1.0.0/28", inactivity_seconds=60), SLICE) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": "M"}, "2 to 100"),
        ({"name": "x" * 101}, "2 to 100"),
        ({"moniker": "abcd"}, "5 to 30"),
        ({"moniker": "a" * 31}, "5 to 30"),
        ({"moniker": "Meters"}, "lower-case"),
        ({"vslice": ""}, "VSlice is missing"),
        ({"subscription_type": ""}, "subscription type is missing"),
        ({"routing_policy": ""}, "routing policy is missing"),
        ({"regional_policy": ""}, "regional policy is missing"),
        ({"inactivity_seconds": 0}, "more than 0 seconds"),
        ({"apn": "x.flex"}, "takes its APN from its VSlice"),
        ({"kind": GroupKind.SECONDARY}, "needs an APN"),
        ({"kind": GroupKind.SECONDARY, "apn": "x.other"}, "does not fit the VSlice"),
        ({"kind": GroupKind.SECONDARY, "apn": "a b.flex"}, "labels of letters"),
        ({"kind": GroupKind.SECONDARY, "apn": f"{'x' * 100}.flex"}, "labels of letters"),
        ({"subnet": "10.9.0.0/24"}, "not one of the VSlice's"),
    ],
    ids=str,
)
def test_every_rule_of_a_field_is_told_in_a_sentence(change, word):
    problems = draft_problems(replace(DRAFT, **change), SLICE)

    assert len(problems) == 1
    assert word in problems[0]


def test_a_draft_in_a_vslice_that_is_missing_or_empty_is_refused():
    assert "no VSlice" in draft_problems(DRAFT, None)[0]
    assert "no subnet" in draft_problems(DRAFT, replace(SLICE, subnets=()))[0]


def test_all_problems_are_told_at_once():
    assert len(draft_problems(replace(DRAFT, name="M", moniker="x", routing_policy=""), SLICE)) == 3


def test_only_a_routing_policy_that_says_another_vslice_is_wrong():
    assert policy_problems(DRAFT, SLICE, Policy("P1", ("V1", "vslice-main"))) == []
    assert policy_problems(DRAFT, SLICE, Policy("P1", ("vslice-main",))) == []
    assert policy_problems(DRAFT, SLICE, Policy("P1")) == [], "the platform does not say"
    assert policy_problems(DRAFT, None, Policy("P1", ("V9",))) == [], "the VSlice itself is told as missing"
    assert "is of VSlice V9" in policy_problems(DRAFT, SLICE, Policy("P1", ("V9",)))[0]
    assert "no routing policy" in policy_problems(DRAFT, SLICE, None)[0]


def test_a_name_that_the_vendors_tools_would_cut_is_worth_a_word():
    assert list(draft_warnings(replace(DRAFT, name="x" * 51)))
    assert not list(draft_warnings(DRAFT))


@pytest.mark.parametrize(
    ("primary", "secondary", "word"),
    [
        (GROUP, SECOND, ""),
        (replace(GROUP, kind=GroupKind.SECONDARY), SECOND, "only a primary group can have secondaries"),
        (GROUP, replace(SECOND, kind=GroupKind.PRIMARY), "only a secondary group can be associated"),
        (GROUP, replace(SECOND, primary="other"), "one primary at a time"),
        (GROUP, replace(SECOND, vslice="vslice-alt"), "in VSlice vslice-alt"),
        (replace(GROUP, apn="VIDEO.flex"), SECOND, "each needs its own"),
    ],
)
def test_an_association_has_one_primary_one_vslice_and_different_apns(primary, secondary, word):
    problems = association_problems(primary, secondary, [])

    assert bool(problems) == bool(word)
    assert word in "".join(problems)


def test_the_apns_of_all_secondaries_differ():
    other = replace(SECOND, id="G9", moniker="audio-apn")

    assert "audio-apn" in association_problems(GROUP, SECOND, [other])[0]
