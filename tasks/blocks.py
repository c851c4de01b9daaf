"""A block of Prefect that holds an account's secrets: a form in the UI, encrypted in the server's database."""

import os
from typing import ClassVar, cast

import httpx
from prefect.blocks.core import Block
from prefect.exceptions import PrefectException
from pydantic import Field, SecretStr

from domain.errors import SettingsError
from domain.options import Account

SLUG = "preactive-account"


class AccountSecrets(Block):
    """The secrets of one account. Everything else about it stands in the settings, which name this block."""

    _block_type_name: ClassVar[str | None] = "Preactive account"
    _block_type_slug: ClassVar[str | None] = SLUG
    _description: ClassVar[str | None] = (
        "Password or token of an account on a connectivity platform. The account's settings name it: secrets_block."
    )

    password: SecretStr = Field(
        default=SecretStr(""),
        title="Password",
        description="For accounts with a user name",
        json_schema_extra={"position": 0},
    )
    token: SecretStr = Field(
        default=SecretStr(""),
        title="Token",
        description="For accounts with a bearer token",
        json_schema_extra={"position": 1},
    )


async def register() -> None:
    """Make the kind of block known to the server, so that its form is there; again changes nothing."""
    await AccountSecrets.register_type_and_schema()


async def with_block_secrets(account: Account) -> Account:
    """The account with what its block holds, for the secrets that environment, settings and files leave empty.

    Raises SettingsError.
    """
    name = account.secrets_block
    if not name:
        return account
    if not os.environ.get("PREFECT_API_URL"):  # Prefect would start a server of its own to look in
        raise SettingsError(
            f"The account takes its secrets from the block {SLUG}/{name}, and no Prefect server runs; "
            "start one with `preactive up`, or give the secret by environment."
        )
    try:
        block = cast(AccountSecrets, await AccountSecrets.aload(name, validate=False))
    except ValueError:
        raise SettingsError(
            f"The Prefect server has no block {SLUG}/{name}; `preactive blocks register` brings its form to the UI."
        ) from None
    except (PrefectException, httpx.HTTPError, OSError) as error:
        raise SettingsError(
            f"The block {SLUG}/{name} cannot be read: {type(error).__name__}; is the server there, and the login right?"
        ) from None
    found = {"password": block.password, "token": block.token}
    return account.model_copy(update={key: value for key, value in found.items() if not getattr(account, key)})
