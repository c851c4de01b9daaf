"""What the names of accounts stand for: compared before anything is planned, and changed by a person only."""

import getpass
from collections.abc import Callable
from typing import TypeVar

from adapters.store import queries
from adapters.store.reading import Reader
from domain.errors import SettingsError, WrongTenant
from domain.groups import check_target
from domain.options import Account
from domain.tenancy import Held, Marks, check_settings, doubles, marks_of
from tasks.resources.session import account_names, open_store, plain_account, reader

T = TypeVar("T")


def check_pinned(name: str, options: Account, group: str | None = None) -> None:
    """Hold what is planned on another tenant than before, or into a group that stood for something else.

    Nothing is pinned. Raises WrongTenant, UnusableGroup.
    """
    with reader() as opened:
        known = _pins(opened)
        check_settings(
            name,
            marks_of(options),
            pinned=known.get(name),
            former=queries.former_names(opened).get(name),
            is_used=queries.is_used(opened, name),
            others={each: known[each] for each in known if each not in (name, *options.same_tenant_as)},
            held_by=lambda other: _held(opened, other),
        )
        if group is not None and not options.capabilities.has_groups:
            check_target(group, queries.group_target(opened, name, group), options.group(group).words())


def _pins(opened: Reader) -> dict[str, Marks]:
    rows = (dict(row) for row in queries.account_pins(opened))
    return {row.pop("account"): Marks(**row) for row in rows}


def _held(opened: Reader, name: str) -> Held:
    return Held(**queries.held_by(opened, name))


def accounts_in_no_settings() -> dict[str, Held]:
    """The accounts of the store that the settings do not name, with what the store holds of them."""
    with reader() as opened:
        names = {*queries.accounts(opened), *(row["account"] for row in queries.chains(opened))}
        unknown = sorted(names - set(account_names()))
        return {name: held for name in unknown if (held := _held(opened, name))}


def names_of_one_tenant() -> list[tuple[str, str]]:
    """Every two accounts of the settings that have one tenant, as far as it was ever used."""
    with reader() as opened:
        known = _pins(opened)
    return doubles({name: known[name] for name in account_names() if name in known})


def accounts_elsewhere() -> dict[str, str]:
    """Why each account cannot be used whose settings lead elsewhere than what is recorded."""
    found = {}
    for name in account_names():
        try:
            check_pinned(name, plain_account(name)[1])
        except WrongTenant as error:
            found[name] = str(error)
    return found


def has_other_accounts(name: str) -> bool:
    """Whether batches of several accounts may have one name. The built-in account counts once it was used."""
    with reader() as opened:
        used = {row["account"] for row in queries.batch_accounts(opened)}
    return bool((used | set(account_names())) - {name} - ({"demo"} - used))


def report_stem(batch: str, account: str) -> str:
    """How the names of the files about a batch begin."""
    from adapters.files.report import file_stem

    return file_stem(batch, account if has_other_accounts(account) else "")


def pinned(name: str) -> Marks | None:
    """What an account stood for, if it was used."""
    with reader() as opened:
        return _pins(opened).get(name)


def rename_account(old: str, new: str, reason: str) -> Held:
    """Let everything recorded under one name be that of another, which the settings name.

    Raises SettingsError, NothingSelected, Refused.
    """
    from adapters.store import renaming

    name, options = plain_account(new)
    if old in account_names():
        raise SettingsError(f"The settings still name an account {old}; give it its new name there first.")
    return _write(renaming.rename, old, name, marks_of(options), _by(reason))


def move_account(name: str, reason: str) -> None:
    """Let an account stand for what its settings say by now.

    Raises SettingsError, NothingSelected, Refused.
    """
    from adapters.store import renaming

    name, options = plain_account(name)
    _write(renaming.move, name, marks_of(options), _by(reason))


def move_group(name: str | None, group: str, reason: str) -> None:
    """Let a group stand for what the settings, or the platform, say by now.

    Raises SettingsError, UnknownGroup, NothingSelected, Refused.
    """
    from adapters.store import renaming

    name, options = plain_account(name)
    target = "" if options.capabilities.has_groups else options.group(group).words()
    _write(renaming.move_group, name, group, target, _by(reason))


def _by(reason: str) -> str:
    return f"{reason}, by {getpass.getuser()}"


def _write(function: Callable[..., T], *args: object) -> T:
    store = open_store()
    try:
        return store.write(function, *args)
    finally:
        store.close()
