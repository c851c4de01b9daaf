"""Names that a person may mistype: an empty answer must never hide that there is no such thing."""

from collections.abc import Mapping

from adapters.store import queries
from adapters.store.reading import Reader
from domain.errors import NothingSelected, SettingsError, UsageError
from domain.iccid import check_iccid
from domain.problems import shown
from tasks.resources.session import account_names, plain_account, reader

_NAMED = 10  # names in a sentence


def check_account(name: str) -> None:
    """Refuse a name that is no account of the settings, and under which the store has nothing either.

    Raises SettingsError.
    """
    known = account_names()
    if name in known:
        return
    with reader() as opened:
        stored = queries.accounts(opened)
    if name not in stored:
        gone = sorted(set(stored) - set(known))
        only_stored = f"; only in the store: {', '.join(gone)}" if gone else ""
        raise SettingsError(
            f"There is no account {name!r} in the settings; there are: {', '.join(known)}{only_stored}."
        )


def check_filters(account_name: str | None, names: Mapping[str, str | None]) -> None:
    """Refuse a tag, batch, group or order that there is not: an empty list would hide a mistyped name.

    Raises NothingSelected.
    """
    with reader() as opened:
        for what, name in names.items():
            if name is None or (what == "group" and _is_group(account_name, name)):
                continue
            if not queries.has_name(opened, what, name, account_name):
                raise NothingSelected(_no_such(opened, what, name, account_name))


def _is_group(account_name: str | None, name: str) -> bool:
    """Whether the settings have a group of this name, of this account or of any."""
    accounts = [account_name] if account_name in account_names() else account_names()
    return any(name in plain_account(each)[1].groups for each in accounts)


def _no_such(opened: Reader, what: str, name: str, account_name: str | None) -> str:
    names = queries.some_names(opened, what, account_name, _NAMED + 1)
    known = f"there are: {', '.join(names[:_NAMED])}{' …' if len(names) > _NAMED else ''}" if names else "there is none"
    of_account = f"account {account_name}" if account_name else "the store"
    return f"No {what} of {of_account} is called {shown(name)!r}; {known}."


def checked_iccid(text: str, account_name: str | None) -> str:
    """An ICCID as the store has it, by the profile of the account or else by that of any account.

    Raises UsageError.
    """
    names = [account_name] if account_name in account_names() else account_names()
    found = [check_iccid(text, plain_account(name)[1].supplier) for name in names]
    for one in found:
        if one.iccid is not None:
            return one.iccid
    raise UsageError(f"{shown(text)!r} is no ICCID: {found[0].reason}")
