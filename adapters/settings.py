"""Settings: `preactive.toml` (or the file that PREACTIVE_CONFIG names), each value also by environment variable."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from adapters.private import no_core_dumps
from adapters.redaction import hide
from domain.errors import SettingsError
from domain.options import Account, read_secret
from domain.supplier import SupplierProfile
from domain.words import plain_message

DEMO: dict[str, Any] = {
    "platform": "sft",
    "base_url": "http://127.0.0.1:8765/api",
    "username": "api-user",
    "password": "demo-password",
    "tenant_claim": "org",
    "rate_per_second": 100,
    "max_in_flight": 16,
    "deadline_seconds": 20,
    "settle_seconds": 10,
    "roaming_profile_id": "1234",
    "apn_group_id": "PDP_1",
    "plan_id": "123456",
    "groups": {"eu-10gb": {"addon_plan_id": "654321"}},
}


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="PREACTIVE_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    store_url: str = "sqlite:///data/var/preactive.db"
    default_account: str = "demo"
    reports_dir: Path = Path("data/reports")
    reports_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    inbox_dir: Path = Path("data/inbox")
    orders_token: SecretStr = SecretStr("")
    orders_token_file: Path | None = None
    notify: str = Field(default="", pattern=r"^([a-z0-9-]+/[a-z0-9-]+)?$")
    config: Path | None = None
    accounts: dict[str, Account] = Field(default_factory=dict)
    suppliers: dict[str, SupplierProfile] = Field(default_factory=dict)

    @field_validator("store_url")
    @classmethod
    def _a_store_that_there_is(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://; there are no other stores")
        return value

    def bearer_token(self) -> str:
        """The token that the order service asks for; nothing when none is set.

        Raises SettingsError.
        """
        token = self.orders_token
        if self.orders_token_file is not None:
            token = SecretStr(read_secret("orders_token", self.orders_token_file))
        hide(token)
        return token.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file, then the built-in demo account."""
        built_in = InitSettingsSource(settings_cls, {"accounts": {"demo": DEMO}})
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file()), built_in


def _file() -> Path:
    return Path(os.environ.get("PREACTIVE_CONFIG") or "preactive.toml")


def are_told(*, anywhere: bool = False) -> bool:
    """Whether somebody wrote settings: a file that is there, or an account in the environment.

    `anywhere`: also for a process that works in another folder.
    """
    named = any(name.upper().startswith("PREACTIVE_ACCOUNTS__") for name in os.environ)
    return named or (_file().is_file() and (_file().is_absolute() or not anywhere))


@cache
def load() -> Settings:
    """The settings of this process.

    Raises SettingsError, naming every wrong setting and never its value.
    """
    named = os.environ.get("PREACTIVE_CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"The settings file {named} that PREACTIVE_CONFIG names does not exist.")
    _refuse_unknown_names()
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {plain_message(e)}" for e in error.errors())
        raise SettingsError(f"Wrong settings in {_file()} or the environment: {wrong}.") from None
    except ValueError as error:  # TOML that cannot be read
        raise SettingsError(f"The settings file {_file()} cannot be read: {error}.") from None


def _refuse_unknown_names() -> None:
    """A setting that somebody believes to have made, and has not, is worse than an error."""
    known = {name.upper() for name in Settings.model_fields} | {"DEBUG"}
    names = [name for name in os.environ if name.upper().startswith("PREACTIVE_")]
    unknown = sorted(name for name in names if name.upper().removeprefix("PREACTIVE_").split("__")[0] not in known)
    if unknown:
        raise SettingsError(
            f"No setting is called {', '.join(unknown)}, which the environment sets; see docs/settings.md."
        )


def plain_account(name: str | None) -> tuple[str, Account]:
    """An account's name and settings without what its secret files hold; without a name, the default account's.

    Raises SettingsError.
    """
    settings = load()
    no_core_dumps()
    name = name or settings.default_account
    if name not in settings.accounts:
        known = ", ".join(sorted(settings.accounts))
        raise SettingsError(f"There is no account {name!r} in the settings; there are: {known}.")
    return name, settings.accounts[name]


def account(name: str | None) -> tuple[str, Account]:
    """An account's name and settings; without a name, the default account's.

    Raises SettingsError.
    """
    name, plain = plain_account(name)
    options = plain.with_secrets()
    hide(options.password, options.token, options.webhook_token)
    return name, options


def supplier(name: str) -> SupplierProfile:
    """How the files of a supplier are written.

    Raises SettingsError.
    """
    suppliers = load().suppliers
    if name not in suppliers:
        known = ", ".join(sorted(suppliers)) or "none"
        raise SettingsError(f"There is no supplier {name!r} in the settings; there are: {known}.")
    return suppliers[name]
