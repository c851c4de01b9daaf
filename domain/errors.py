"""Every error the program raises on purpose.

    PreactiveError                     exit code 1
    ├── UsageError                     exit code 2: wrong usage or settings
    │   ├── SettingsError
    │   ├── LoginRefused
    │   │   └── WrongTenant        the account is not the one that the store knows
    │   ├── UnknownGroup
    │   ├── UnknownTag
    │   └── UnusableGroup
    ├── Refused                        exit code 4: refused before any change was made
    │   ├── FileRefused                carries a reason code
    │   ├── TooManyRejects
    │   ├── TooMuchChange
    │   ├── RunIsFull
    │   ├── NotConfirmed
    │   ├── NotApproved
    │   │   └── Unsigned           carries what two persons would have to sign
    │   ├── NothingSelected
    │   ├── NoRoom
    │   ├── OrderDiffers
    │   ├── PlatformUnreachable
    │   └── StoreUnavailable
    │       ├── StoreLocked
    │       ├── StoreSilent
    │       ├── StoreFull
    │       ├── StoreNewer
    │       └── StoreDamaged
    └── Stopped                        exit code 1: the run ended early; nothing is lost, run it again

A message is one sentence that says what, where, how many, and what to do next.
"""

from typing import ClassVar


class PreactiveError(Exception):
    """Something went wrong that a person must know about."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class UsageError(PreactiveError):
    """The command or the settings are wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is missing or has a wrong value."""


class LoginRefused(UsageError):
    """The platform refused the account's user name and password."""


class WrongTenant(LoginRefused):
    """The account's settings lead to another tenant than the one that the store knows under its name."""


class UnknownGroup(UsageError):
    """The account has no group of that name."""


class UnknownTag(UsageError):
    """No SIM of the account ever carried that tag."""


class UnusableGroup(UsageError):
    """The group exists, and endpoints cannot be put into it."""


class Refused(PreactiveError):
    """The request was refused before any change was made."""

    exit_code = 4


class FileRefused(Refused):
    """The file as a whole cannot be used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooManyRejects(Refused):
    """More rows are bad than the account allows."""


class TooMuchChange(Refused):
    """The plan changes more than the account allows in one run."""


class RunIsFull(Refused):
    """The run has changed as much as one run may; what is left waits for another one."""


class NotConfirmed(Refused):
    """The plan was not confirmed, so nothing was changed."""


class NotApproved(Refused):
    """The change was not approved by two persons, so nothing was changed."""


class Unsigned(NotApproved):
    """The run would change more than it may by itself, and two persons did not sign for exactly this."""

    def __init__(self, count: int, digest: str, *, allowed: int, bound: int) -> None:
        super().__init__(
            f"The run would change {count:,} endpoints, {allowed:,} are allowed without an approval, and two persons "
            "did not sign for exactly these; nothing was changed, start the run again."
        )
        self.count, self.digest, self.allowed, self.bound = count, digest, allowed, bound


class NothingSelected(Refused):
    """Nothing in the store matches what was asked for."""


class OrderDiffers(Refused):
    """The order number was used before with another tag or group."""


class NoRoom(Refused):
    """The group has fewer free addresses than endpoints would be put into it."""


class PlatformUnreachable(Refused):
    """The platform does not answer."""


class StoreUnavailable(Refused):
    """The store cannot be used."""


class StoreLocked(StoreUnavailable):
    """Another program holds the store."""


class StoreSilent(StoreUnavailable):
    """The store does not answer in time; what was handed in may still be done."""


class StoreFull(StoreUnavailable):
    """The disk of the store is full or cannot be written."""


class StoreNewer(StoreUnavailable):
    """The store was written by a newer version of the program."""


class StoreDamaged(StoreUnavailable):
    """The store file is damaged."""


class Stopped(PreactiveError):
    """The run ended before it was finished; what is known is recorded, and the same command goes on."""
