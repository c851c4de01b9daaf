"""What an account stands for: the tenant behind its settings, pinned when the account was first used.

A name in the settings can be moved to another tenant, and one tenant can get another name. Recorded endpoint ids mean
something on one tenant only, so both are noticed before anything is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from domain.errors import WrongTenant
from domain.options import Account, is_loopback
from domain.words import plural

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Marks:
    """How a tenant is recognised. `tenant` is its own id and `credential` a slow hash, both empty until known."""

    platform: str
    address: str
    user: str = ""
    target: str = ""
    tenant: str = ""
    credential: str = ""

    def sentence(self) -> str:
        """The marks for people; a hash says nothing to them."""
        named = (("user", self.user), ("target account", self.target), ("tenant", self.tenant))
        return ", ".join([f"{self.platform} at {self.address}", *(f"{what} {value}" for what, value in named if value)])

    @property
    def is_local(self) -> bool:
        """Whether the address is one of this machine."""
        return is_loopback(urlsplit(self.address).hostname or "")


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds under an account's name."""

    endpoints: int = 0
    orders: int = 0
    batches: int = 0

    def __bool__(self) -> bool:
        return bool(self.endpoints or self.orders or self.batches)

    def sentence(self) -> str:
        """The numbers for people."""
        return f"{plural(self.endpoints, 'endpoint')}, {plural(self.orders, 'order')}"


class Guard(Protocol):
    """Compares what a platform shows of its tenant with what the account stood for."""

    async def confirm(self, tenant: str, secret: str = "") -> None:
        """Let the account's calls go out. `secret` is what tells tenants apart where their id may not be shown.

        Raises WrongTenant.
        """


class Unguarded:
    """Implements Guard where nothing is recorded that could belong to another tenant."""

    async def confirm(self, tenant: str, secret: str = "") -> None:
        """See Guard."""


def normalised(base_url: str) -> str:
    """An address in the one form that two spellings of it share."""
    url = urlsplit(base_url)
    host, port = (url.hostname or "").rstrip("."), url.port
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _DEFAULT_PORTS.get(url.scheme)) else f":{port}"
    return f"{url.scheme}://{host}{shown}{url.path.rstrip('/')}"


def marks_of(account: Account) -> Marks:
    """The marks that an account's settings tell. Stacuity has no users: whose token it is, only the platform shows."""
    user = account.username if account.platform == "sft" else ""
    return Marks(account.platform, normalised(account.base_url), user, account.target_account_id or "")


def changed(pinned: Marks, now: Marks) -> bool:
    """Whether the settings name something else than what was pinned, as far as they say it."""
    return _said(pinned) != _said(now)


def _said(marks: Marks) -> Sequence[str]:
    return (marks.platform, marks.address, marks.user, marks.target)


def only_shown_tells(pinned: Marks, now: Marks) -> bool:
    """Whether the tenant's own id decides: on this machine ports change from run to run, and a tenant's id does not."""
    return pinned.platform == now.platform and bool(pinned.tenant) and pinned.is_local and now.is_local


def is_same_tenant(one: Marks, other: Marks) -> bool:
    """Whether two accounts surely have one tenant: by its own id where both were shown it, else by the settings."""
    if one.platform != other.platform:
        return False
    return one.tenant == other.tenant if one.tenant and other.tenant else _said(one) == _said(other)


def check_settings(
    account: str,
    now: Marks,
    *,
    pinned: Marks | None,
    former: str | None,
    is_used: bool,
    others: Mapping[str, Marks],
    held_by: Callable[[str], Held],
) -> None:
    """Hold an account whose settings lead to another tenant than what the store holds under its name.

    `former` is the present name of an account that was called so before, `is_used` says that the store holds anything
    under the name, and `others` are the further accounts that were used. An account that was in use before there were
    pins stays as it is.
    Raises WrongTenant.
    """
    if former is not None:
        raise WrongTenant(why_former(account, former))
    if not is_used:
        check_is_new(account, now, others, held_by)
    elif pinned is not None and changed(pinned, now) and not only_shown_tells(pinned, now):
        raise WrongTenant(why_moved(account, pinned, now))


def check_is_new(account: str, now: Marks, others: Mapping[str, Marks], held_by: Callable[[str], Held]) -> None:
    """Hold a new name for a tenant whose endpoints the store knows under another one.

    Raises WrongTenant.
    """
    for other, marks in others.items():
        if is_same_tenant(marks, now) and (held := held_by(other)):
            raise WrongTenant(why_renamed(account, now, other, held))


def check_shown(account: str, pinned: Marks, seen: Marks) -> None:
    """Hold an account whose platform shows another tenant than the one that is pinned.

    An id that was shown once is asked for from then on; where none was ever shown, the secret tells tenants apart.
    Raises WrongTenant.
    """
    same_settings = not changed(pinned, seen)
    if pinned.tenant and seen.tenant and pinned.tenant != seen.tenant:
        raise WrongTenant(why_another(account, pinned, seen))
    if pinned.tenant:
        # Without a secret to compare, the user's name is a mark, and it is the same.
        right = bool(seen.tenant) or (same_settings and not seen.credential)
    else:
        right = same_settings and (not pinned.credential or pinned.credential == seen.credential)
        if same_settings and not right:
            raise WrongTenant(_ANOTHER_ONE.format(account))
    if not right:
        raise WrongTenant(why_moved(account, pinned, seen))


_ANOTHER_ONE = (
    "The token of account {0} is another one than when its endpoints were recorded, and nothing that the platform "
    "showed then tells whose it is; nothing was sent: set the former token again, or say "
    "`preactive account moved {0} --reason TEXT` if it belongs to the same tenant."
)


def why_moved(name: str, pinned: Marks, now: Marks) -> str:
    """What to say when a name stands for something else than before."""
    return (
        f"Account {name} is {now.sentence()} now and was {pinned.sentence()} when its endpoints were recorded; nothing "
        f"was sent: set the former values again, say `preactive account moved {name} --reason TEXT` if it is the same "
        "tenant, or give the other tenant an account name of its own."
    )


def why_another(name: str, pinned: Marks, seen: Marks) -> str:
    """What to say when the platform shows the id of another tenant."""
    return (
        f"The platform at {seen.address} shows tenant {seen.tenant} to account {name}, whose endpoints are on "
        f"tenant {pinned.tenant}; nothing was sent: set the login of that tenant again, or give the other one an "
        "account name of its own (a simulator that was started afresh is another tenant, and needs a fresh store)."
    )


def why_renamed(name: str, now: Marks, other: str, held: Held) -> str:
    """What to say when a new name stands for what the store knows under another one."""
    return (
        f"Account {name} is {now.sentence()}, which the store knows as account {other} ({held.sentence()}); nothing "
        f"was sent: say `preactive account rename {other} {name} --reason TEXT` if the account has a new name, "
        f'use the name {other}, or set same_tenant_as = ["{other}"] if both names are meant.'
    )


def why_former(name: str, present: str) -> str:
    """What to say when a name is used again that an account was renamed from."""
    return (
        f"The name {name} was that of account {present} in this store, whose audit trail holds it; nothing was sent: "
        "choose another account name."
    )


def doubles(known: Mapping[str, Marks]) -> list[tuple[str, str]]:
    """Every two names that stand for one tenant."""
    names = sorted(known)
    pairs = ((one, other) for nth, one in enumerate(names) for other in names[nth + 1 :])
    return [(one, other) for one, other in pairs if is_same_tenant(known[one], known[other])]


def with_shown(marks: Marks, tenant: str, credential: str = "") -> Marks:
    """The marks with what the platform showed."""
    return replace(marks, tenant=tenant or marks.tenant, credential=credential or marks.credential)
