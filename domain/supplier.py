"""How one supplier writes its files: every knob of reading, with bounds and safe defaults."""

import codecs
import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.esim import ADDRESS

MEGABYTE = 1024 * 1024


class Severity(StrEnum):
    """What a failed check does to a row."""

    REJECT = "reject"
    WARN = "warn"
    OFF = "off"


class FileLimits(BaseModel):
    """The sizes above which a file is refused instead of read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int = Field(default=200 * MEGABYTE, ge=1, le=2048 * MEGABYTE)
    max_rows: int = Field(default=1_000_000, ge=1, le=10_000_000)
    max_columns: int = Field(default=256, ge=1, le=2_000)
    max_field_chars: int = Field(default=10_000, ge=100, le=131_072)
    max_sheets: int = Field(default=50, ge=1, le=500)
    max_blank_gap: int = Field(default=10_000, ge=1, le=1_000_000)
    max_title_rows: int = Field(default=10, ge=0, le=50)
    max_seconds: int = Field(default=60, ge=1, le=3_600)
    max_megabytes: int = Field(default=512, ge=128, le=16_384)


class SupplierProfile(BaseModel):
    """What is known about the files of one supplier; the defaults suit a clean file from anybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lengths: frozenset[Annotated[int, Field(ge=18, le=22)]] = Field(default=frozenset({19, 20}), min_length=1)
    add_check_digit: frozenset[Annotated[int, Field(ge=17, le=21)]] = frozenset()
    prefix: str = Field(default="89", pattern=r"^[0-9]{0,7}$")
    luhn: Severity = Severity.REJECT
    prefix_check: Severity = Severity.REJECT
    trailing_zeros: Severity = Severity.REJECT
    allow_grouping: bool = False
    allow_excel_quote: bool = False
    allow_sim_prefix: bool = True

    encoding: str | None = None
    sheet: str | None = Field(default=None, min_length=1, max_length=31)
    headerless: bool = False
    allow_hidden: bool = False
    allow_macros: bool = False
    iccid_headers: tuple[str, ...] = ()
    name_headers: tuple[str, ...] = ()
    tags_headers: tuple[str, ...] = ()
    ignore_headers: tuple[str, ...] = ()
    expand_ranges: bool = False

    read_esim: bool = True
    smdp_address: str | None = Field(default=None, max_length=255)

    require_name: bool = False
    unique_names: bool = False
    name_max_chars: int = Field(default=100, ge=1, le=255)
    name_pattern: str | None = Field(default=None, max_length=200)
    max_tags: int = Field(default=10, ge=1, le=100)
    tag_separators: str = Field(default=",;", min_length=1, max_length=4, pattern=r"^[,;|/ ]+$")

    limits: FileLimits = FileLimits()

    @model_validator(mode="after")
    def _a_length_means_one_thing(self) -> Self:
        if self.add_check_digit & self.lengths:
            raise ValueError("a length in add_check_digit must not be in lengths, or a number would mean two things")
        if any(length + 1 not in self.lengths for length in self.add_check_digit):
            raise ValueError("each length in add_check_digit needs the next one in lengths")
        return self

    @model_validator(mode="after")
    def _a_range_counts_without_its_check_digit(self) -> Self:
        if self.expand_ranges and self.luhn == Severity.OFF:
            raise ValueError("expand_ranges needs the check digit (luhn), since a range counts the digits before it")
        return self

    def for_rows(self) -> Self:
        """The profile for rows, some of which may be out of a range: among them are numbers that end in zeros."""
        return self.model_copy(update={"trailing_zeros": Severity.OFF}) if self.expand_ranges else self

    @field_validator("smdp_address")
    @classmethod
    def _address_is_a_host(cls, value: str | None) -> str | None:
        if value is not None and not ADDRESS.fullmatch(value):
            raise ValueError("must be a host name")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            "8944".encode(value)  # also refuses codecs that do not make bytes of text, such as rot13
            return codecs.lookup(value).name
        except (LookupError, ValueError) as error:
            raise ValueError(f"{value!r} is not a text encoding") from error

    @field_validator("name_pattern")
    @classmethod
    def _pattern_compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from error
        return value
