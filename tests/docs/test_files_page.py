"""The catalogue in docs/files.md is the one that the golden tests run."""

from tests.docs.files_page import PAGE, page_with_catalogue
from tests.docs.pages import text_of


def test_the_catalogue_of_the_page_is_the_one_that_is_tested():
    assert text_of(PAGE) == page_with_catalogue(text_of(PAGE)), "run python -m tests.docs.files_page"
