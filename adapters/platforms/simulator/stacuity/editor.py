"""Another user of the same account, who changes things between two calls of the client."""

from collections.abc import Mapping

from adapters.platforms.simulator.stacuity.estate import Estate

_EVERY_FIFTH = 5


class Editor:
    """Acts only while the behaviour `concurrent_editor` is on."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._edits = 0

    def after(self, route: str, keys: Mapping[str, str]) -> None:
        """Rename a group that was just read; replace the tags of every fifth endpoint that was just edited."""
        if "concurrent_editor" not in self._estate.behaviours:
            return
        if route == "/read_object" and keys.get("kind", "").lower() == "endpointgroups":
            self._rename(keys["key"])
        if route == "/edit":
            self._edits += 1
            if self._edits % _EVERY_FIFTH == 0:
                self._estate.endpoint(keys["endpoint"]).tags = ["other-user"]

    def _rename(self, key: str) -> None:
        group = self._estate.groups.get(key) or next(
            (one for one in self._estate.groups.values() if one.moniker == key), None
        )
        if group is not None and not group.moniker.endswith("-x"):
            group.moniker = f"{group.moniker[:28]}-x"
