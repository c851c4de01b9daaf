"""Draws the simulated week of sales: `python -m docs.images.stock_week` writes docs/images/stock-week.svg."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.stock_week import DAY, DAYS, MARK, RAW, Lived, Shop
from tests.support.virtual_world import virtually

WIDTH, HEIGHT, LEFT, TOP = 860, 260, 46, 30
TALLEST = 70
OUT = Path(__file__).parent / "stock-week.svg"


def main() -> None:
    """Live the week on a store of its own, and draw it."""
    with tempfile.TemporaryDirectory() as folder:

        async def scenario() -> Lived:
            async with Shop(f"sqlite:///{folder}/store.db", raw=RAW) as shop:
                return await shop.live(DAYS)

        OUT.write_text(drawn(virtually(scenario)), encoding="utf-8")


def drawn(week: Lived) -> str:
    """The week as SVG: free SIMs between the marks, and raw SIMs on a scale of their own."""
    begun, most = week.free[0][0], max(week.raw)
    times = [(at - begun) / DAY for at, _ in week.free]
    days = "".join(
        f'<line x1="{_x(day):.1f}" y1="{TOP}" x2="{_x(day):.1f}" y2="{TOP + HEIGHT}" class="grid"/>'
        f'<text x="{_x(day) + 4:.1f}" y="{TOP + HEIGHT + 16}">day {day + 1}</text>'
        for day in range(DAYS)
    )
    marks = "".join(
        f'<line x1="{LEFT}" y1="{_y(mark, TALLEST):.1f}" x2="{LEFT + WIDTH}" y2="{_y(mark, TALLEST):.1f}" '
        f'class="mark"/><text x="8" y="{_y(mark, TALLEST) + 4:.1f}">{mark}</text>'
        for mark in (MARK.low, MARK.high)
    )
    least = min(free for _, free in week.free)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {TOP + HEIGHT + 28}" '
        'font-family="sans-serif" font-size="12"><style>'
        ".grid{stroke:#ddd}.mark{stroke:#c60;stroke-dasharray:5 4}.free{fill:none;stroke:#0868ac;stroke-width:1.5}"
        ".raw{fill:none;stroke:#999;stroke-width:1.5}</style>"
        '<rect width="100%" height="100%" fill="white"/>'
        f'<text x="{LEFT}" y="18">Free pre-active SIMs after each sale and each run (blue, {least} at the least), '
        f"their marks (dashed), raw SIMs from {most} to {week.raw[-1]} (grey); {len(week.sold)} sold, "
        f"{len(week.sent_away)} buyers sent away</text>"
        f"{days}{marks}{_line(times, week.raw, most, 'raw')}"
        f"{_line(times, [free for _, free in week.free], TALLEST, 'free')}</svg>\n"
    )


def _line(times: Sequence[float], values: Sequence[int], most: int, name: str) -> str:
    """A line that goes down at each sale and up in the time that filling up takes."""
    points = [f"{_x(at):.1f},{_y(value, most):.1f}" for at, value in zip(times, values, strict=True)]
    return f'<polyline points="{" ".join(dict.fromkeys(points))}" class="{name}"/>'


def _x(day: float) -> float:
    return LEFT + WIDTH * day / DAYS


def _y(value: float, most: int) -> float:
    return TOP + HEIGHT * (1 - value / most)


if __name__ == "__main__":
    main()
