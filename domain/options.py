"""The knobs of an account: typed, bounded, with safe defaults."""

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from domain.capabilities import Capabilities, capabilities_of
from domain.doubt import Patience
from domain.errors import SettingsError, UnknownGroup
from domain.stock_mark import StockMark, check_marks
from domain.supplier import SupplierProfile
from domain.words import quoted

TAG = re.compile(r"[A-Za-z0-9_-]{1,100}")

LONGEST_GROUP = 64
Digits = Annotated[str, Field(min_length=1, max_length=LONGEST_GROUP)]


# The calls whose paths an account may replace, by platform. Those of Stacuity stand in its contract alone.
CALLS: Mapping[str, frozenset[str]] = {
    "sft": frozenset(
        {"login", "create", "activate", "lifecycle", "delink", "delete", "addon", "plan"}
        | {"create_tag", "attach_tag", "list_tags", "sims", "profile"}
    ),
    "stacuity": frozenset(),
}


def check_template(value: str) -> str:
    """A template for names, unchanged.

    Raises ValueError.
    """
    try:
        value.format(batch="b", row=1, iccid="8944")
        names = {name for _, name, _, _ in Formatter().parse(value)} - {None}
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise ValueError("may use {batch}, {row} and {iccid} only") from error
    if not names <= {"batch", "row", "iccid"}:
        raise ValueError("may use {batch}, {row} and {iccid} only")
    return value


class Knobs(BaseModel):
    """Base of all settings: unknown names are refused, so that a typo is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GroupTarget(Knobs):
    """What a group's name stands for: exactly one of an add-on plan, a base plan, a tag, or a platform's own group."""

    addon_plan_id: Digits | None = None
    plan_id: Digits | None = None
    tag: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,100}$")
    endpoint_group: Digits | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.addon_plan_id, self.plan_id, self.tag, self.endpoint_group)) != 1:
            raise ValueError("a group needs exactly one of addon_plan_id, plan_id, tag and endpoint_group")
        return self

    def words(self) -> str:
        """What the name stands for, as the store keeps it."""
        ((kind, value),) = self.model_dump(exclude_none=True).items()
        return f"{kind} {value}"


def target_of(words: str) -> GroupTarget:
    """The target that was kept as these words."""
    kind, _, value = words.partition(" ")
    return GroupTarget.model_validate({kind: value})


class BulkCreate(Knobs):
    """A bulk create call. Off until its path is known: the reference names the call but not its form."""

    path: str = Field(min_length=1)
    size: int = Field(default=100, ge=2, le=1000)
    deadline_seconds: float = Field(default=3600, gt=0, le=86_400)


class Account(Knobs):
    """One named connection to a platform."""

    platform: Literal["sft", "stacuity"] = "sft"
    base_url: str
    username: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    token: SecretStr = SecretStr("")
    token_file: Path | None = None
    secrets_block: str = Field(default="", pattern=r"^[a-z0-9-]{0,100}$")
    target_account_id: str | None = None
    tenant_claim: str = ""
    same_tenant_as: tuple[str, ...] = ()
    rate_per_second: float = Field(default=1.5, gt=0, le=100_000)
    max_in_flight: int = Field(default=4, ge=1, le=512)
    sales_share: float = Field(default=0.2, ge=0, le=0.9)
    reservation_seconds: float = Field(default=900, ge=1, le=86_400)
    deadline_seconds: float = Field(default=200, gt=0, le=3600)
    read_deadline_seconds: float = Field(default=40, gt=0, le=3600)
    connect_seconds: float = Field(default=10, gt=0, le=120)
    settle_seconds: float = Field(default=300, ge=0, le=86_400)
    resend_after_absence: bool = True
    max_unknown: int = Field(default=5, ge=1, le=100)
    throttled_may_be_done: bool = False
    max_reject_ratio: float = Field(default=0.05, ge=0, le=1)
    max_change: int = Field(default=5000, ge=1)
    max_terminate: int = Field(default=100, ge=0)
    refund_with: Literal["suspend", "terminate", "nothing"] = "suspend"
    page_size: int = Field(default=100, ge=1, le=250)
    platform_tags: Literal["now", "later", "off"] = "now"
    read_back_tags: Literal["first", "all", "off"] = "first"
    name_template: Annotated[str, AfterValidator(check_template)] = "{batch}-{row:06d}"
    name_pattern: str = r"[A-Za-z0-9 _-]{1,64}"
    roaming_profile_id: str = ""
    apn_group_id: str = ""
    plan_id: str = ""
    monthly_limit: str | None = None
    token_seconds: float = Field(default=540, gt=0)
    activate_with: Literal["EndPointActivation", "EndPointLifeCycleChange"] = "EndPointActivation"
    lifecycle_reason: Literal["1", "2", "3"] = "1"
    terminate_with: Literal["DeLinkSim and DeleteEndPoint", "DeLinkSim", "off"] = "DeLinkSim and DeleteEndPoint"
    provision_by: Literal["allocated", "claim"] = "allocated"
    reference: Literal["keep", "iccid", "name"] = "keep"
    webhook_token: SecretStr = SecretStr("")
    webhook_token_file: Path | None = None
    events_kept_days: float = Field(default=30, ge=1, le=3660)
    allow_resume: bool = True
    allow_unverified: bool = False
    json_types: tuple[str, ...] = ()
    paths: dict[str, str] = Field(default_factory=dict)
    bulk: BulkCreate | None = None
    groups: dict[str, GroupTarget] = Field(default_factory=dict)
    stock: tuple[StockMark, ...] = ()
    supplier: SupplierProfile = SupplierProfile()

    @field_validator("base_url")
    @classmethod
    def _https_or_loopback(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("must be an http or https address")
        if url.username or url.password or url.fragment or url.query:
            raise ValueError("must not hold credentials, a query or a fragment")
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise ValueError("must be https, since it is not on this machine")
        return value.rstrip("/")

    @field_validator("stock")
    @classmethod
    def _each_mark_once(cls, value: tuple[StockMark, ...]) -> tuple[StockMark, ...]:
        check_marks(value)
        return value

    @model_validator(mode="after")
    def _paths_are_of_known_calls(self) -> Self:
        known = CALLS[self.platform]
        unknown = sorted(self.paths.keys() - known)
        if unknown and not known:
            raise ValueError(f"paths changes nothing on {self.platform}, whose calls stand in its contract")
        if unknown:
            raise ValueError(f"paths has no call {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        return self

    @model_validator(mode="after")
    def _refunds_can_be_carried_out(self) -> Self:
        if self.refund_with == "terminate" and self.terminate_with == "off":
            raise ValueError("refund_with = terminate needs a way to terminate, and terminate_with is off")
        return self

    def with_secrets(self) -> Self:
        """The account with the secrets that its settings keep in files.

        Raises SettingsError.
        """
        files = {"password": self.password_file, "token": self.token_file, "webhook_token": self.webhook_token_file}
        secrets = {
            name: SecretStr(read_secret(f"the account's {name}", path))
            for name, path in files.items()
            if path is not None
        }
        return self.model_copy(update=secrets)

    @property
    def capabilities(self) -> Capabilities:
        """What the platform can do for this account."""
        claims = self.platform == "stacuity" and self.provision_by == "claim"
        return capabilities_of(self.platform, claims=claims, bulk=self.bulk is not None)

    @property
    def is_local(self) -> bool:
        """Whether the platform is on this machine."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    def has_the_sims_of(self, other: "Account") -> bool:
        """Whether a SIM may be on either account at some time; a simulator's is never on a real platform."""
        return (self.platform, self.is_local) == (other.platform, other.is_local)

    @property
    def patience(self) -> Patience:
        """How long unknown outcomes wait on this account."""
        return Patience(
            deadline=self.deadline_seconds + self.send_window,
            settle=self.settle_seconds,
            resend_after_absence=self.resend_after_absence,
            max_unknown=self.max_unknown,
        )

    @property
    def send_window(self) -> float:
        """Seconds after its intent in which a call may still start; later it is given back unsent."""
        return max(min(30.0, self.deadline_seconds), 4 / self.rate_per_second)

    @property
    def sales_places(self) -> int:
        """How many of the calls under way are kept for sales while somebody sells."""
        return max(1, round(self.max_in_flight * self.sales_share)) if self.sales_share else 0

    @property
    def bulk_patience(self) -> Patience:
        """How long items of a bulk call wait: the platform may work through its list for a long time."""
        late = self.bulk.deadline_seconds if self.bulk is not None else 0.0
        return replace(self.patience, deadline=self.patience.deadline + late)

    def group(self, name: str) -> GroupTarget:
        """The group of that name.

        Raises UnknownGroup.
        """
        if name not in self.groups:
            if self.capabilities.has_groups and len(name) <= LONGEST_GROUP:
                return GroupTarget(endpoint_group=name)
            known = ", ".join(sorted(self.groups)) or "none"
            raise UnknownGroup(f"The account has no group {quoted(name)}; its settings name: {known}.")
        return self.groups[name]

    def with_groups(self, kept: Mapping[str, str]) -> Self:
        """The account whose names of groups stand for what the store keeps, whatever the settings say by now."""
        return self.model_copy(update={"groups": {**self.groups, **{name: target_of(kept[name]) for name in kept}}})


def read_secret(what: str, path: Path) -> str:
    """The text of a file that holds a secret.

    Raises SettingsError.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The file {path} with {what} cannot be read.") from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_tag(tag: str, longest: int = 100) -> str:
    """A tag in the platform's form, unchanged.

    Raises SettingsError. Source: docs/platforms.md, tag names.
    """
    if not TAG.fullmatch(tag) or len(tag) > longest:
        form = f"1 to {longest} letters, digits, hyphens and underscores"
        raise SettingsError(f"The tag {quoted(tag)} is not usable: {form}.")
    return tag


def safe_name(text: str) -> str:
    """A batch or file name as a tag-safe word of at most 80 characters."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:80] or "batch"
