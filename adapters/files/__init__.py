"""Files in (CSV, Excel) and reports out."""

from adapters.files.reader import read_manifest

__all__ = ["read_manifest"]
