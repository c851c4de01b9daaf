"""A bar chart as SVG, small enough to stand in a text that the Prefect UI shows."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

_ROW, _LEFT, _WIDTH, _TOTAL = 26, 130, 420, 640
# Told apart without colour by their words, and by people who see fewer colours.
COLOURS: Mapping[str, str] = {
    "confirmed": "#2f855a",
    "already": "#68a5d8",
    "rejected": "#d69e2e",
    "duplicates": "#a0aec0",
    "refused": "#c53030",
    "in_doubt": "#805ad5",
    "needs_human": "#97266d",
}


def bars(numbers: Sequence[tuple[str, int]]) -> str:
    """One bar for each number, in its order, as an SVG image. Colours by name, see COLOURS."""
    largest = max([value for _, value in numbers] + [1])
    rows = [_bar(nth, name, value, largest) for nth, (name, value) in enumerate(numbers)]
    height = _ROW * len(numbers) + 8
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_TOTAL}" height="{height}" viewBox="0 0 {_TOTAL} {height}"'
    return f'{head} font-family="sans-serif" font-size="13">{"".join(rows)}</svg>'


def _bar(nth: int, name: str, value: int, largest: int) -> str:
    top = 4 + nth * _ROW
    length = max(2, round(_WIDTH * value / largest)) if value else 0
    # Grey words are read on a light and on a dark page.
    said = escape(name.replace("_", " "))
    words = f'<text x="{_LEFT - 10}" y="{top + 15}" text-anchor="end" fill="#718096">{said}</text>'
    count = f'<text x="{_LEFT + length + 8}" y="{top + 15}" fill="#718096">{value:,}</text>'
    bar = f'<rect x="{_LEFT}" y="{top}" width="{length}" height="20" rx="2" fill="{COLOURS.get(name, "#4a5568")}"/>'
    return words + bar + count


def data_url(svg: str) -> str:
    """An image as an address that holds it."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
