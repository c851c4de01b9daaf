"""What a person or a schedule asks for: one model each for the flow, the command line and the form in the UI."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.labels import Naming
from domain.options import Account, check_template, safe_name

Template = Annotated[str, AfterValidator(check_template)]


def _shown(position: int) -> dict[str, Any]:
    # The UI's form keeps this order only when every field says its place.
    return {"position": position}


class ProvisionRequest(BaseModel):
    """Make pre-active, tagged endpoints of the SIMs in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(title="File", description="Path of a CSV or XLSX file of ICCIDs", json_schema_extra=_shown(0))
    account: str = Field(
        default="demo", title="Account", description="As named in the settings", json_schema_extra=_shown(1)
    )
    tags: list[str] = Field(
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
    limit: int | None = Field(
        default=None, ge=1, title="Limit", description="Most endpoints this run may create", json_schema_extra=_shown(6)
    )
    name_template: Template | None = Field(default=None, title="Name template", json_schema_extra=_shown(7))
    sheet: str | None = Field(default=None, title="Sheet", json_schema_extra=_shown(8))
    digest: str | None = Field(
        default=None,
        title="Digest",
        description="SHA-256 the file must have, so that what was planned is what is done",
        pattern="^[0-9a-f]{64}$",
        json_schema_extra=_shown(9),
    )
    supplier: str | None = Field(
        default=None,
        title="Supplier",
        description="As named in the settings; default: the account's own profile",
        json_schema_extra=_shown(10),
    )

    def naming(self, account: Account) -> Naming:
        """How rows without a name get one."""
        batch = self.batch or safe_name(Path(self.file).stem)
        return Naming(self.name_template or account.name_template, batch)


class InboxRequest(BaseModel):
    """Make batches of the files in the inbox folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(default="demo", title="Account", json_schema_extra=_shown(0))
    folder: str | None = Field(
        default=None,
        title="Folder",
        description="A folder in the inbox, for example one for each supplier; default: the inbox itself",
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        json_schema_extra=_shown(1),
    )
    supplier: str | None = Field(default=None, title="Supplier", json_schema_extra=_shown(2))
    tags: list[str] = Field(
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
    limit: int | None = Field(
        default=None, ge=1, title="Limit", description="Most endpoints created for a file", json_schema_extra=_shown(6)
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only look", json_schema_extra=_shown(7))


class ActivateRequest(BaseModel):
    """Activate pre-active endpoints and put them into a group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(default="demo", title="Account", json_schema_extra=_shown(0))
    tag: str | None = Field(default=None, title="Tag", json_schema_extra=_shown(1))
    group: str | None = Field(default=None, title="Group", json_schema_extra=_shown(2))
    count: int | None = Field(
        default=None,
        ge=1,
        title="Count",
        description="How many endpoints of the tag shall be active in the group in all; default: all of them",
        json_schema_extra=_shown(3),
    )
    file: str | None = Field(
        default=None, title="File", description="A file of ICCIDs instead of a tag", json_schema_extra=_shown(4)
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only plan", json_schema_extra=_shown(5))
    limit: int | None = Field(default=None, ge=1, title="Limit", json_schema_extra=_shown(6))

    @property
    def label(self) -> str:
        """What the request is about, in a word."""
        return self.tag or (Path(self.file).stem if self.file else "")

    @property
    def report(self) -> str:
        """What its report files are called."""
        return "-".join(filter(None, (self.label, "activated", self.group)))


class RetryRequest(BaseModel):
    """Go on with a batch: settle doubts, send what was left, and on request what was refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: str = Field(title="Batch", json_schema_extra=_shown(0))
    account: str = Field(default="demo", title="Account", json_schema_extra=_shown(1))
    refused: bool = Field(default=True, title="Refused too", json_schema_extra=_shown(2))
