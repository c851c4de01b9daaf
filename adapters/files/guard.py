"""Every foreign error of reading a workbook becomes one refusal."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from defusedxml.common import DefusedXmlException

from domain.errors import FileRefused, PreactiveError
from domain.problems import FileCode


@contextmanager
def workbook_errors(name: str) -> Iterator[None]:
    """Turn whatever a damaged or hostile workbook provokes into a refusal; no list of such errors is ever complete."""
    try:
        yield
    except PreactiveError:
        raise
    except MemoryError as error:
        raise FileRefused(FileCode.TOO_LARGE, f"{name!r} needs more memory than there is; use CSV.") from error
    except Exception as error:
        if isinstance(error, DefusedXmlException) or isinstance(error.__cause__, DefusedXmlException):
            raise FileRefused(
                FileCode.ACTIVE_CONTENT, f"{name!r} defines XML entities, which no spreadsheet writes; it was not read."
            ) from error
        raise FileRefused(
            FileCode.BROKEN,
            f"{name!r} is damaged or not a workbook ({type(error).__name__}); save it again in Excel.",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the library's remarks about features that do not concern cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
