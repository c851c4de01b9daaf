"""A chart that can be read: lengths in proportion, every number said, nothing foreign in it."""

from base64 import b64decode

from defusedxml import ElementTree

from domain.chart import COLOURS, bars, data_url
from domain.summary import Summary


def lengths(svg: str) -> list[int]:
    return [int(bar.get("width")) for bar in ElementTree.fromstring(svg) if bar.tag.endswith("rect")]


def words(svg: str) -> list[str]:
    return [text.text for text in ElementTree.fromstring(svg) if text.tag.endswith("text")]


def test_a_bar_is_as_long_as_its_share_of_the_largest_and_nothing_is_no_bar():
    assert lengths(bars([("confirmed", 1000), ("refused", 500), ("in_doubt", 0)])) == [420, 210, 0]


def test_the_smallest_number_can_still_be_seen():
    assert lengths(bars([("confirmed", 100_000), ("refused", 1)]))[1] == 2


def test_every_number_is_said_with_its_name():
    assert words(bars([("confirmed", 12_345), ("in_doubt", 0)])) == ["confirmed", "12,345", "in doubt", "0"]


def test_foreign_words_are_text():
    assert words(bars([("<script>&", 1)])) == ["<script>&", "1"]


def test_an_empty_chart_is_an_image_too():
    assert lengths(bars([])) == []


def test_every_outcome_of_a_run_has_its_colour():
    outcomes = set(Summary("", "").numbers()) - {"rows", "accepted", "blank", "other_names", "calls", "seconds"}

    assert outcomes == set(COLOURS)


def test_an_address_holds_the_image():
    kind, _, held = data_url("<svg/>").partition(",")

    assert (kind, b64decode(held)) == ("data:image/svg+xml;base64", b"<svg/>")
