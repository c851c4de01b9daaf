"""What is refused from the directory of a workbook's zip archive, before anything is unpacked."""

import stat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from domain.errors import FileRefused
from domain.problems import FileCode, shown

MAX_ENTRIES = 1_000
MAX_RATIO = 100
MAX_TOTAL = 200 * 1024 * 1024
MAX_STYLES = 10 * 1024 * 1024
SMALL = 1024 * 1024  # below this an entry may be as dense as it likes
_ENCRYPTED = 0x1
_LOCAL_HEADER = 30

_ACTIVE = (
    ("xl/externallinks/", "links to other workbooks"),
    ("xl/connections.xml", "a data connection"),
    ("xl/querytables/", "a data query"),
    ("xl/activex/", "ActiveX controls"),
    ("xl/embeddings/", "embedded objects"),
)


def check_archive(archive: ZipFile, *, name: str, size: int, allow_macros: bool = False) -> None:
    """Refuse an archive that is a bomb, a trap, or not a plain workbook."""
    check_entries(archive, name=name, size=size)
    names = {entry.filename.lower() for entry in archive.infolist()}
    _check_contents(names, name, allow_macros=allow_macros)


def check_entries(archive: ZipFile, *, name: str, size: int) -> None:
    """Refuse an archive that is a bomb or a trap, by its directory alone."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise FileRefused(FileCode.TOO_LARGE, f"{name!r} has {len(entries):,} parts inside, at most {MAX_ENTRIES:,}.")
    for entry in entries:
        _check_entry(entry, name)
    _check_names(entries, name)
    _check_sizes(entries, name, size)
    _check_overlap(entries, archive.start_dir, name)


def _check_entry(entry: ZipInfo, name: str) -> None:
    inner = entry.orig_filename
    if ".." in inner.replace("\\", "/").split("/") or inner.startswith(("/", "\\")) or "\\" in inner or "\0" in inner:
        raise _broken(name, f"it holds a part with the path {shown(inner)!r}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _broken(name, f"its part {shown(inner)!r} is a link")
    if entry.flag_bits & _ENCRYPTED:
        raise FileRefused(FileCode.PROTECTED, f"{name!r} is encrypted; save it without a password.")
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise _broken(name, f"its part {shown(inner)!r} is packed in a way no workbook is")


def _check_names(entries: list[ZipInfo], name: str) -> None:
    if len({entry.filename.lower() for entry in entries}) < len(entries):
        raise _broken(name, "two of its parts have the same name")


def _check_sizes(entries: list[ZipInfo], name: str, size: int) -> None:
    total = sum(entry.file_size for entry in entries)
    dense = [e for e in entries if e.file_size > SMALL and e.file_size > MAX_RATIO * max(e.compress_size, 1)]
    if total > MAX_TOTAL or dense or (total > SMALL and total > MAX_RATIO * size):
        raise FileRefused(
            FileCode.TOO_LARGE,
            f"{name!r} unpacks from {size:,} to {total:,} bytes, more than any batch needs; hand it in as CSV.",
        )
    styles = sum(entry.file_size for entry in entries if entry.filename.lower() == "xl/styles.xml")
    if styles > MAX_STYLES:
        raise FileRefused(FileCode.TOO_LARGE, f"{name!r} has {styles:,} bytes of cell styles; hand it in as CSV.")


def _check_overlap(entries: list[ZipInfo], directory: int, name: str) -> None:
    end = 0
    for entry in sorted(entries, key=lambda found: found.header_offset):
        if entry.header_offset < end:
            raise _broken(name, "its parts overlap")
        end = entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size
    if end > directory:
        raise _broken(name, "its parts overlap")


def _check_contents(names: set[str], name: str, *, allow_macros: bool) -> None:
    if not allow_macros and any(inner.endswith("vbaproject.bin") for inner in names):
        raise FileRefused(
            FileCode.MACROS, f"{name!r} holds macros; save it as .xlsx, or allow macros for this supplier."
        )
    for start, what in _ACTIVE:
        if any(inner.startswith(start) for inner in names):
            raise FileRefused(FileCode.ACTIVE_CONTENT, f"{name!r} holds {what}; save the table alone as .xlsx or CSV.")
    if "xl/workbook.xml" not in names:
        what = "an OpenDocument file" if "mimetype" in names else "a zip archive, but not an .xlsx workbook"
        what = "a binary workbook (.xlsb)" if "xl/workbook.bin" in names else what
        raise FileRefused(FileCode.TYPE, f"{name!r} is {what}; save the table as .xlsx or CSV and hand it in.")
    if "[content_types].xml" not in names:
        raise _broken(name, "its table of contents is missing")


def _broken(name: str, what: str) -> FileRefused:
    return FileRefused(FileCode.BROKEN, f"{name!r} is not a sound workbook ({what}); save it again in Excel.")
