"""Numbers agree with their nouns."""

import pytest

from domain.words import plain_message, plural


@pytest.mark.parametrize(("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1000, "1,000 rows")])
def test_a_count_agrees_with_its_noun(count, said):
    assert plural(count, "row") == said


def test_a_noun_may_have_a_plural_of_its_own():
    assert [plural(n, "needs a person", "need a person") for n in (1, 2)] == ["1 needs a person", "2 need a person"]


def test_an_error_is_said_without_the_librarys_word_for_its_kind():
    assert plain_message({"msg": "Value error, must be https"}) == "must be https"
