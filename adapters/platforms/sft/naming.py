"""Whether an answer is to what was asked: nothing that names another SIM, endpoint or call is believed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.platforms.texts import clean
from domain.endpoint import usable_id

# Detailed codes of success that belong to some calls and no other (seen). A call that is not here may have any.
_CODES: Mapping[str, frozenset[str]] = {
    "activate": frozenset({"5014", "5017"}),
    "lifecycle": frozenset({"5014", "5017"}),
    "delink": frozenset({"6413"}),
    "delete": frozenset({"10159"}),
    "plan": frozenset({"7001"}),
    "create_tag": frozenset({"10149", "2001"}),
    "attach_tag": frozenset({"10149", "2001"}),
    "list_tags": frozenset({"2003"}),
}
_NAMED_CODES = frozenset().union(*_CODES.values())
_ENDPOINT = ("endPointId", "endpointId")
_MAY_ANSWER_ANYTHING = frozenset({"create", "bulk_create", "login"})  # their ICCIDs are compared, or a token is there


@dataclass(frozen=True, slots=True)
class About:
    """What a call is about. Empty texts are not compared."""

    iccid: str = ""
    endpoint_id: str = ""
    plan_id: str = ""
    tag: str = ""


def is_of_another_call(call: str, code: str) -> bool:
    """Whether the detailed code of a success is known to be that of other calls."""
    return call not in _MAY_ANSWER_ANYTHING and code in _NAMED_CODES - _CODES.get(call, frozenset())


def names_another(asked: About, response: Mapping[str, Any]) -> str:
    """What shows that an answer is about something else, in words; empty where nothing does."""
    if asked.iccid and (other := _other(iccids_in(response), asked.iccid, all_must_fit=True)):
        return f"the answer names another ICCID ({clean(other)})"
    if asked.endpoint_id and (other := _other(endpoints_in(response), asked.endpoint_id, all_must_fit=True)):
        return f"the answer names another endpoint ({clean(other)})"
    if asked.plan_id and (other := _other(_values(response, "planId"), asked.plan_id)):
        return f"the answer names another plan ({clean(other)})"
    if asked.tag and (other := _other(_values(response, "tagName"), asked.tag)):
        return f"the answer names another tag ({clean(other)})"
    return ""


def _other(named: Iterator[str], wanted: str, *, all_must_fit: bool = False) -> str:
    """One of the names that are not the wanted one; where one fits, the others may stand beside it."""
    found = list(named)
    others = [name for name in found if name != wanted]
    return others[0] if others and (all_must_fit or len(others) == len(found)) else ""


def canonical(iccid: str) -> str:
    """An ICCID as the platform may write it, without separators and filler."""
    return iccid.replace(" ", "").replace("-", "").rstrip("Ff")


def iccids_in(tree: object) -> Iterator[str]:
    """Every ICCID that an answer names."""
    yield from filter(None, map(canonical, _values(tree, "iccid")))


def endpoints_in(tree: object) -> Iterator[str]:
    """Every endpoint id that an answer names."""
    for name in _ENDPOINT:
        yield from filter(None, map(usable_id, _values(tree, name)))


def _values(tree: object, key: str) -> Iterator[str]:
    for place in objects_with(tree, key):
        if isinstance(place[key], str | int) and not isinstance(place[key], bool):
            yield str(place[key])


def objects_with(tree: object, key: str) -> Iterator[Mapping[str, Any]]:
    """Every object that has this key, at any depth."""
    if isinstance(tree, Mapping):
        if key in tree:
            yield tree
        for value in tree.values():
            yield from objects_with(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from objects_with(value, key)
