"""What a name and a tag may look like in a file; narrower limits of a platform come as a setting."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from domain.iccid import BLANKS
from domain.problems import RowCode
from domain.supplier import SupplierProfile

TAG_PATTERN = re.compile(r"[A-Za-z0-9_-]+")
TAG_MAX_CHARS = 100
RESERVED_TAG = "op:"
FORMULA_STARTS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"

_ERROR_VALUES = frozenset({"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_PRINTABLE = bytes(range(0x20, 0x7F))
_JOINERS = frozenset("\u200c\u200d\ufe0f")  # needed inside Persian words and emoji


class Label(NamedTuple):
    """A checked name or list of tags, or why it was refused."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""


class Naming(NamedTuple):
    """How rows without a name get one: a template that may use {batch}, {row} and {iccid}."""

    template: str
    batch: str

    def name(self, row: int, iccid: str) -> str:
        """The name made for a row."""
        return self.template.format(batch=self.batch, row=row, iccid=iccid)

    def is_wish(self, row: int, iccid: str, name: str) -> bool:
        """Whether a row's name stood in its file: it is none that was made."""
        return name != self.name(row, iccid)


NO_LABEL = Label()
_NOTHING = (
    "n/a",
    "n.a.",
    "not applicable",
    "notapplicable",
    "none",
    "null",
    "nil",
    "nan",
    "<na>",
    "-",
    "--",
    "\u2013",
    "\u2014",
)
FILLERS = frozenset(
    form for text in _NOTHING for form in (text, text.upper(), text.title(), text.capitalize(), "NotApplicable")
)
TAGS_REMEMBERED = 10_000


class LabelReader:
    """Reads the names and tags of a file by its supplier's rules; tags repeat from row to row."""

    def __init__(self, profile: SupplierProfile) -> None:
        self._profile = profile
        self._pattern = re.compile(profile.name_pattern or "(?s:.*)")
        self._tags: dict[str, Label] = {}

    def name(self, text: str) -> Label:
        """The name in a cell."""
        return Label(text) if self._is_plain(text) else check_name(text, self._profile)

    def made_name(self, text: str) -> Label:
        """A name that was made for a row without one."""
        return Label(text) if self._is_plain(text) else check_made_name(text, self._profile)

    def tags(self, text: str) -> Label:
        """The tags in a cell."""
        found = self._tags.get(text)
        if found is None:
            found = check_tags(text, self._profile)
            if len(self._tags) < TAGS_REMEMBERED:
                self._tags[text] = found
        return found

    def names(self, column: Sequence[str]) -> tuple[Sequence[str | None], set[int]]:
        """The names in a column, and the places of cells that are refused."""
        if self._are_plain(column):
            return column, set()
        found = [self.name(text) for text in column]
        return [label.name for label in found], {place for place, label in enumerate(found) if label.code}

    def tag_lists(self, column: Sequence[str]) -> tuple[Sequence[tuple[str, ...]], set[int]]:
        """The tags in each cell of a column, and the places of cells that are refused."""
        known = {text: self.tags(text) for text in set(column)}
        tags = {text: label.tags for text, label in known.items()}
        refused = {text for text, label in known.items() if label.code}
        places = {place for place, text in enumerate(column) if text in refused} if refused else set()
        return [tags[text] for text in column], places

    def _is_plain(self, text: str) -> bool:
        if text in FILLERS:
            return False
        plain = text.isascii() and text.isprintable() and 0 < len(text) <= self._profile.name_max_chars
        return plain and text[0] not in " '#" and text[-1] != " " and self._pattern.fullmatch(text) is not None

    def _are_plain(self, column: Sequence[str]) -> bool:
        """Tell whether no name of a column needs a closer look, without looking at each."""
        lines = "\n".join(("", *column, ""))
        return (
            lines.isascii()
            and len(lines.encode().translate(None, _PRINTABLE)) == len(column) + 1
            and not any(start in lines for start in ("\n\n", "\n ", "\n'", "\n#", " \n"))
            and FILLERS.isdisjoint(column)
            and len(max(column, key=len)) <= self._profile.name_max_chars
            and (self._profile.name_pattern is None or all(map(self._pattern.fullmatch, column)))
        )


def without_filler(text: str) -> str:
    """Return a cell of an optional column without white space, empty if it only says that there is nothing."""
    bare = text.strip(BLANKS)
    return "" if bare in FILLERS or bare.casefold() in FILLERS else bare


def unguard(text: str) -> str:
    """Take off the apostrophe that reports put before what a spreadsheet could run."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in FORMULA_STARTS else text


def check_name(text: str, profile: SupplierProfile) -> Label:
    """Return the name in its normal form, or why it is refused."""
    name = unicodedata.normalize("NFC", without_filler(unguard(text.lstrip(BLANKS))))
    if name:
        code, reason = _name_problem(name, profile)
        return Label(code=code, reason=reason) if code else Label(name=name)
    if profile.require_name:
        return Label(code=RowCode.NAME_MISSING, reason="The name is missing.")
    return Label()


def check_made_name(name: str, profile: SupplierProfile) -> Label:
    """Return a name that was made for a row without one, or why the platform would not take it."""
    label = check_name(name, profile)
    if not label.code:
        return label
    words = "give the row a name, or change the batch's name or name_template"
    return Label(code=label.code, reason=f"The name made for this row is not usable; {words}. {label.reason}")


def _name_problem(name: str, profile: SupplierProfile) -> tuple[str, str]:
    if len(name) > profile.name_max_chars:
        reason = f"The name has {len(name)} characters, at most {profile.name_max_chars} are accepted."
        return RowCode.NAME_LENGTH, reason
    refused = next((character for character in name if not _allowed(character)), None)
    if refused is not None:
        reason = f"The name holds the character U+{ord(refused):04X}, which is not for reading; remove it."
        return RowCode.NAME_CHARACTERS, reason
    if name in _ERROR_VALUES:
        return RowCode.NOT_TEXT, "The name is the error value of a spreadsheet."
    if profile.name_pattern is not None and not re.fullmatch(profile.name_pattern, name):
        return RowCode.NAME_CHARACTERS, f"The name does not fit the pattern {profile.name_pattern} of the platform."
    return "", ""


def _allowed(character: str) -> bool:
    if character.isprintable():
        return character != "\ufffd"  # stands for a character that was lost
    return character in _JOINERS or unicodedata.category(character) == "Zs"


def check_tags(text: str, profile: SupplierProfile) -> Label:
    """Return the tags of a cell, or why they are refused."""
    cell = without_filler(unguard(text.lstrip(BLANKS)))
    if not cell:
        return Label()
    parts = re.split(f"[{re.escape(profile.tag_separators)}]", cell)
    tags = tuple(unicodedata.normalize("NFC", part.strip(BLANKS)) for part in parts)
    code, reason = _tags_problem(tags, profile)
    return Label(code=code, reason=reason) if code else Label(tags=tags)


def _tags_problem(tags: tuple[str, ...], profile: SupplierProfile) -> tuple[str, str]:
    if "" in tags:
        return RowCode.TAG_EMPTY, "A tag between two separators is empty."
    if len(set(tags)) < len(tags):
        return RowCode.TAG_REPEATED, "The same tag is written twice."
    if len(tags) > profile.max_tags:
        return RowCode.TAG_COUNT, f"The row has {len(tags)} tags, at most {profile.max_tags} are accepted."
    return next((problem for problem in map(_tag_problem, tags) if problem[0]), ("", ""))


def _tag_problem(tag: str) -> tuple[str, str]:
    if tag.casefold().startswith(RESERVED_TAG):
        return RowCode.TAG_RESERVED, f"Tags that start with {RESERVED_TAG} are reserved."
    if len(tag) > TAG_MAX_CHARS:
        return RowCode.TAG_LENGTH, f"A tag has {len(tag)} characters, at most {TAG_MAX_CHARS} are accepted."
    if not TAG_PATTERN.fullmatch(tag):
        return RowCode.TAG_CHARACTERS, "A tag holds something else than letters A to Z, digits, hyphen and underscore."
    return "", ""
