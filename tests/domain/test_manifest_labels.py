"""Names and tags: what is accepted, and that nothing but data is accepted as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.labels import check_name, check_tags
from domain.supplier import SupplierProfile

DEFAULT = SupplierProfile()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sensor-1", "sensor-1"),
        ("  padded\u00a0", "padded"),
        ("東京 5", "東京 5"),
        ("مرحبا", "مرحبا"),
        ("🚀 rocket", "🚀 rocket"),
        ("e\u0301", "é"),
        ("=1+1", "=1+1"),
        ("@home", "@home"),
        ("＝full", "＝full"),
        ("'=1+1", "=1+1"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("x" * 100, "x" * 100),
        ("", None),
        ("\u3000", None),
    ],
)
def test_a_readable_name_is_accepted_as_data(text, name):
    assert check_name(text, DEFAULT) == (name, (), "", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("a\x1b[2Jb", "name_characters", id="B11 ESC"),
        pytest.param("a\nb", "name_characters", id="line break"),
        pytest.param("a\u202eb", "name_characters", id="B57 direction override"),
        pytest.param("a\u200bb", "name_characters", id="zero-width space"),
        pytest.param("a\ufffdb", "name_characters", id="lost character"),
        pytest.param("x" * 101, "name_length", id="B57 101"),
        pytest.param("x" * 10_000, "name_length", id="B57 10,000"),
        pytest.param("#REF!", "not_text", id="B59 error value as text"),
        pytest.param("#N/A", "not_text", id="B59 N/A"),
    ],
)
def test_a_name_that_is_not_for_reading_is_refused(text, code):
    assert check_name(text, DEFAULT).code == code


def test_a_platform_can_narrow_names():
    profile = SupplierProfile(name_pattern="[A-Za-z0-9 _-]{1,64}", name_max_chars=64)

    assert check_name("sensor 1", profile).name == "sensor 1"
    assert check_name("Zürich", profile).code == "name_characters"
    assert check_name("x" * 65, profile).code == "name_length"


def test_a_name_can_be_required():
    assert check_name(" ", SupplierProfile(require_name=True)).code == "name_missing"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        (" a ; b ", ("a", "b")),
        ("'-a", ("-a",)),
        ("x" * 100, ("x" * 100,)),
    ],
)
def test_tags_are_split_and_trimmed(text, tags):
    assert check_tags(text, DEFAULT).tags == tags


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,,b", "tag_empty"),
        (",", "tag_empty"),
        ("a,a", "tag_repeated"),
        (",".join(f"t{i}" for i in range(11)), "tag_count"),
        ("x" * 101, "tag_length"),
        ("a/b", "tag_characters"),
        ("a b", "tag_characters"),
        ("a|b", "tag_characters"),
        ("a\x07", "tag_characters"),
        ("ü", "tag_characters"),
        ("=a", "tag_characters"),
        ("op:batch", "tag_reserved"),
        ("a,OP:x", "tag_reserved"),
    ],
)
def test_b61_b62_other_tags_are_refused(text, code):
    assert check_tags(text, DEFAULT).code == code


@given(st.text(max_size=120))
def test_an_accepted_name_stays_the_same_when_it_is_read_again(text):
    name = check_name(text.replace("'", ""), DEFAULT).name

    assert name is None or check_name(name, DEFAULT).name == name
