"""What a person or a schedule asks for: one model each for the flow, the command line and the form in the UI."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.drift import Drift
from domain.labels import Naming
from domain.lifecycle import Kind
from domain.options import Account, check_template, safe_name
from domain.repair import Side

# Bounds of forms: far above what anybody means, and far below what Prefect takes for parameters.
MOST = 1_000_000
Word = Annotated[str, Field(max_length=100)]
FilePath = Annotated[str, Field(max_length=1000)]
Template = Annotated[str, AfterValidator(check_template), Field(max_length=200)]
Tags = Annotated[list[Word], Field(max_length=50)]
Number = Annotated[int, Field(ge=1, le=MOST)]

_ACCOUNT = "As named in the settings; default: their default account"
_ANY_ACCOUNT = "As named in the settings; default: every account"
_ACCOUNTS_IN_USE = "As named in the settings; default: every one with endpoints, for a repair the default account"


def _shown(position: int) -> dict[str, Any]:
    # The UI's form keeps this order only when every field says its place.
    return {"position": position}


class ProvisionRequest(BaseModel):
    """Make pre-active, tagged endpoints of the SIMs in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: FilePath = Field(
        title="File", description="Path of a CSV or XLSX file of ICCIDs", json_schema_extra=_shown(0)
    )
    account: Word = Field(default="", title="Account", description=_ACCOUNT, json_schema_extra=_shown(1))
    tags: Tags = Field(
        default_factory=list, title="Tags", description="Default: the batch name", json_schema_extra=_shown(2)
    )
    batch: str | None = Field(
        default=None,
        title="Batch",
        description="Default: the file's name; an existing batch is added to",
        max_length=80,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
        json_schema_extra=_shown(3),
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only plan", json_schema_extra=_shown(4))
    accept_rejects: bool = Field(
        default=False,
        title="Accept rejects",
        description="Go on however many rows are bad",
        json_schema_extra=_shown(5),
    )
    limit: Number | None = Field(
        default=None, title="Limit", description="Most endpoints this run may create", json_schema_extra=_shown(6)
    )
    name_template: Template | None = Field(
        default=None,
        title="Name template",
        description="For rows without a name, with {batch}, {row} or {iccid}; default: the account's",
        json_schema_extra=_shown(7),
    )
    sheet: Word | None = Field(
        default=None,
        title="Sheet",
        description="Of a workbook; default: its only or usual one",
        json_schema_extra=_shown(8),
    )
    digest: str | None = Field(
        default=None,
        title="Digest",
        description="SHA-256 the file must have, so that what was planned is what is done",
        pattern="^[0-9a-f]{64}$",
        json_schema_extra=_shown(9),
    )
    supplier: Word | None = Field(
        default=None,
        title="Supplier",
        description="As named in the settings; default: the account's own profile",
        json_schema_extra=_shown(10),
    )

    @property
    def label(self) -> str:
        """What the request is about, in a word."""
        return Path(self.file).name

    def joining(self, batch: str) -> "ProvisionRequest":
        """The request for a file that says which batch it joins; a batch that a person names comes first."""
        return self.model_copy(update={"batch": batch}) if batch and self.batch is None else self

    def naming(self, account: Account) -> Naming:
        """How rows without a name get one."""
        batch = self.batch or safe_name(Path(self.file).stem)
        return Naming(self.name_template or account.name_template, batch)


class InboxRequest(BaseModel):
    """Make batches of the files in the inbox folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ACCOUNT, json_schema_extra=_shown(0))
    folder: str | None = Field(
        default=None,
        title="Folder",
        description="A folder in the inbox, for example one for each supplier; default: the inbox itself",
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        json_schema_extra=_shown(1),
    )
    supplier: Word | None = Field(
        default=None,
        title="Supplier",
        description="As named in the settings; default: the account's own profile",
        json_schema_extra=_shown(2),
    )
    tags: Tags = Field(
        default_factory=list, title="Tags", description="Default: the batch name", json_schema_extra=_shown(3)
    )
    max_files: int = Field(
        default=100, ge=1, le=10_000, title="Files", description="Most files of one run", json_schema_extra=_shown(4)
    )
    settle_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        title="Settle time",
        description="Seconds in which a file must not change before it is read",
        json_schema_extra=_shown(5),
    )
    limit: Number | None = Field(
        default=None, title="Limit", description="Most endpoints created for a file", json_schema_extra=_shown(6)
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only look", json_schema_extra=_shown(7))


class ActivateRequest(BaseModel):
    """Activate pre-active endpoints and put them into a group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ACCOUNT, json_schema_extra=_shown(0))
    tag: Word | None = Field(
        default=None, title="Tag", description="Pre-active endpoints that carry this tag", json_schema_extra=_shown(1)
    )
    group: Word | None = Field(
        default=None,
        title="Group",
        description="The group they go into, as named in the account's settings",
        json_schema_extra=_shown(2),
    )
    count: Number | None = Field(
        default=None,
        title="Count",
        description="How many endpoints of the tag shall be active in the group in all; default: all of them",
        json_schema_extra=_shown(3),
    )
    file: FilePath | None = Field(
        default=None, title="File", description="A file of ICCIDs instead of a tag", json_schema_extra=_shown(4)
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only plan", json_schema_extra=_shown(5))
    limit: Number | None = Field(
        default=None, title="Limit", description="Most endpoints this run may change", json_schema_extra=_shown(6)
    )
    retry_refused: bool = Field(
        default=False,
        title="Retry refused",
        description="Try again what the platform refused before; what a person refused is left alone",
        json_schema_extra=_shown(7),
    )

    @property
    def kind(self) -> Kind:
        """The change that is asked for."""
        return Kind.ACTIVATE

    @property
    def label(self) -> str:
        """What the request is about, in a word."""
        return self.tag or (Path(self.file).stem if self.file else "")

    @property
    def report(self) -> str:
        """What its report files are called."""
        return "-".join(filter(None, (self.label, "activated", self.group)))


class ResumeRequest(BaseModel):
    """Go on with what processes that ended left undone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ANY_ACCOUNT, json_schema_extra=_shown(0))
    dry_run: bool = Field(default=True, title="Dry run", description="Only list", json_schema_extra=_shown(1))


class Action(StrEnum):
    """What can be done to existing endpoints besides activating them."""

    ASSIGN = "assign"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


class LifecycleRequest(BaseModel):
    """Put endpoints into a group, suspend, resume or terminate them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Action = Field(
        title="Action", description="Terminate takes endpoints away for good", json_schema_extra=_shown(0)
    )
    account: Word = Field(default="", title="Account", description=_ACCOUNT, json_schema_extra=_shown(1))
    tag: Word | None = Field(
        default=None, title="Tag", description="Endpoints that carry this tag", json_schema_extra=_shown(2)
    )
    file: FilePath | None = Field(
        default=None, title="File", description="A file of ICCIDs instead of a tag", json_schema_extra=_shown(3)
    )
    group: Word | None = Field(
        default=None,
        title="Group",
        description="For assign only: the group, as named in the account's settings",
        json_schema_extra=_shown(4),
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only plan", json_schema_extra=_shown(5))
    limit: Number | None = Field(
        default=None,
        title="Limit",
        description="Most endpoints this run may change; it does not raise the account's limit on terminations",
        json_schema_extra=_shown(6),
    )
    retry_refused: bool = Field(
        default=False,
        title="Retry refused",
        description="Try again what the platform refused before; what a person refused is left alone",
        json_schema_extra=_shown(7),
    )
    confirm_count: int | None = Field(
        default=None,
        ge=0,
        le=MOST,
        title="Confirm count",
        description="For terminate: the number of endpoints that the dry run named; nothing is done if it differs",
        json_schema_extra=_shown(8),
    )

    @property
    def kind(self) -> Kind:
        """The change that is asked for."""
        return Kind(self.action.value)

    @property
    def count(self) -> None:
        """Only activations have a total."""
        return None

    @property
    def label(self) -> str:
        """What the request is about, in a word."""
        return self.tag or (Path(self.file).stem if self.file else "")

    @property
    def report(self) -> str:
        """What its report files are called."""
        return "-".join(filter(None, (self.label, self.action.value, self.group)))


class RetryRequest(BaseModel):
    """Go on with a batch: settle doubts, send what was left, and on request what was refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: Word = Field(title="Batch", description="As `batch list` names it", json_schema_extra=_shown(0))
    account: Word = Field(default="", title="Account", description=_ACCOUNT, json_schema_extra=_shown(1))
    refused: bool = Field(
        default=True,
        title="Refused too",
        description="Try again what the platform refused before; what a person refused is left alone",
        json_schema_extra=_shown(2),
    )


class ResolveRequest(BaseModel):
    """Ask the platform about what is in doubt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ANY_ACCOUNT, json_schema_extra=_shown(0))


class PollRequest(BaseModel):
    """Ask platforms that have events for what happened since the last time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ANY_ACCOUNT, json_schema_extra=_shown(0))


class ReconcileRequest(BaseModel):
    """Compare the whole platform account with the store, and on request repair chosen differences."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Word = Field(default="", title="Account", description=_ACCOUNTS_IN_USE, json_schema_extra=_shown(0))
    repair: Side | None = Field(
        default=None,
        title="Repair",
        description="Side to change. store: record what the platform shows; platform: change it to what is recorded",
        json_schema_extra=_shown(1),
    )
    only: list[Drift] = Field(
        default_factory=list,
        title="Only",
        description="Kinds of differences to repair; nothing is repaired that is chosen neither here nor by the file",
        max_length=3,
        json_schema_extra=_shown(2),
    )
    file: FilePath | None = Field(
        default=None, title="File", description="A file of the ICCIDs to repair", json_schema_extra=_shown(3)
    )
    dry_run: bool = Field(
        default=True,
        title="Dry run",
        description="Only list, and say what a repair would do",
        json_schema_extra=_shown(4),
    )
    limit: Number | None = Field(
        default=None,
        title="Limit",
        description="Most endpoints this run may repair; default: max_change of the account",
        json_schema_extra=_shown(5),
    )


SelectionRequest = ActivateRequest | LifecycleRequest
