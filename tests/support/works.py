"""Short ways to write down operations and accounts."""

from typing import Any

from domain.doubt import Doubt
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account

URL = "http://127.0.0.1:9/api"


def account(**settings: Any) -> Account:
    """An account on a platform that is not there."""
    return Account.model_validate({"base_url": URL, "username": "u", "password": "p", **settings})


def iccid(number: int) -> str:
    """A different ICCID for each number; the check digit is of no interest."""
    return f"89445001{number:011d}"


def work(number: int = 1, kind: Kind = Kind.CREATE, **fields: Any) -> Work:
    """An operation, planned or sent, whose endpoint was seen with its SIM."""
    known = {} if kind is Kind.CREATE else {"endpoint_id": f"E{number}", "seen_at": 1.0, "sent_at": 1.0}
    values = {"id": number, "kind": kind, "token": 0, "endpoint": number, "iccid": iccid(number), "name": f"n{number}"}
    return Work(**{**values, **known, **fields})


def works(count: int, kind: Kind = Kind.CREATE, **fields: Any) -> list[Work]:
    """Operations numbered from 1."""
    return [work(number, kind, **fields) for number in range(1, count + 1)]


def doubt(number: int = 1, kind: Kind = Kind.CREATE, **fields: Any) -> Doubt:
    """An operation in doubt."""
    known = None if kind is Kind.CREATE else f"E{number}"
    values: dict[str, Any] = {
        "id": number,
        "token": 1,
        "kind": kind,
        "endpoint": number,
        "iccid": iccid(number),
        "name": f"n{number}",
        "endpoint_id": known,
        "target": "",
        "safe_after": 100.0,
        "lookups": 0,
        "negatives": 0,
    }
    return Doubt(**{**values, **fields})
