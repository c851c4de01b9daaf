"""What the rules ask of a platform and SFT does not have: its groups are named targets in the account's settings."""

from domain.capabilities import Capabilities
from domain.contract import Check
from domain.errors import UnusableGroup, UsageError
from domain.groups import Draft, Group, Target
from domain.inbox import PlatformEvent
from domain.options import Account


class SettingsGroups:
    """Groups out of the settings, no events, and facts about calls that are settings too."""

    _account: Account

    @property
    def capabilities(self) -> Capabilities:
        """See domain.ports.Platform."""
        return self._account.capabilities

    def check_writes(self) -> None:
        """See domain.ports.Platform. Nothing speaks against it: inferred forms are settings here."""

    async def login(self) -> None:
        """See domain.ports.Platform."""
        raise NotImplementedError

    async def check_contract(self) -> list[Check]:
        """See domain.ports.Platform. What is inferred here is a setting, and the list of what to ask is in the docs."""
        await self.login()
        return [
            Check("login", True, "accepted"),
            Check("inferred facts", None, "see the questions in docs/platforms.md"),
        ]

    async def events(self, since: float, until: float) -> list[PlatformEvent]:  # noqa: ARG002 - it has none
        """See domain.ports.Platform."""
        raise UsageError("SFT tells no events that are known; only accounts on a platform with events can be asked.")

    async def pin_group(self, name: str, *, group_id: str | None = None) -> Target:  # noqa: ARG002 - a setting has no id
        """See domain.ports.Platform."""
        if self._account.group(name).endpoint_group is not None:
            raise UnusableGroup(f"The group {name!r} in the settings names an endpoint_group, which SFT does not have.")
        return Target(name)

    async def look_at_group(self, name: str) -> Target:
        """See domain.ports.Platform."""
        return await self.pin_group(name)

    async def groups(self) -> list[Group]:
        """See domain.ports.GroupKeeper."""
        return [await self.group(name) for name in sorted(self._account.groups)]

    async def group(self, name: str) -> Group:
        """See domain.ports.GroupKeeper."""
        values = self._account.group(name).model_dump(exclude_none=True)
        return Group(id="", moniker=name, name=" ".join(f"{key} {value}" for key, value in values.items()))

    async def check_draft(self, draft: Draft) -> None:
        """See domain.ports.GroupKeeper."""
        await self.create_group(draft)

    async def create_group(self, draft: Draft) -> Group:
        """See domain.ports.GroupKeeper."""
        raise UsageError(f"SFT has no groups; write {draft.moniker!r} into the settings under the account's groups.")

    async def associate(self, primary: str, secondary: str) -> Group:  # noqa: ARG002 - for no name whatever
        """See domain.ports.GroupKeeper."""
        raise UsageError("SFT has no groups; an account's groups are named targets in its settings.")
