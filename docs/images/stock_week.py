"""Draws the simulated week of sales: `python -m docs.images.stock_week` writes docs/images/stock-week.svg."""

import asyncio
import tempfile
from pathlib import Path

from tests.support.desk import Desk
from tests.support.stock_week import HOURS, MARK, Week, lived

WIDTH, HEIGHT, LEFT, TOP = 860, 260, 46, 30
OUT = Path(__file__).parent / "stock-week.svg"


def main() -> None:
    """Live the week on a store of its own, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(f"sqlite:///{folder}/store.db")
        week = asyncio.run(lived(desk))
        desk.close()
    OUT.write_text(drawn(week), encoding="utf-8")


def drawn(week: Week) -> str:
    """The week as SVG: free SIMs between the marks, and raw SIMs on a scale of their own."""
    most, raw = 70, max(week.raw)
    days = "".join(
        f'<line x1="{_x(24 * day):.1f}" y1="{TOP}" x2="{_x(24 * day):.1f}" y2="{TOP + HEIGHT}" class="grid"/>'
        f'<text x="{_x(24 * day) + 4:.1f}" y="{TOP + HEIGHT + 16}">day {day + 1}</text>'
        for day in range(7)
    )
    marks = "".join(
        f'<line x1="{LEFT}" y1="{_y(mark, most):.1f}" x2="{LEFT + WIDTH}" y2="{_y(mark, most):.1f}" class="mark"/>'
        f'<text x="8" y="{_y(mark, most) + 4:.1f}">{mark}</text>'
        for mark in (MARK.low, MARK.high)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {TOP + HEIGHT + 28}" '
        'font-family="sans-serif" font-size="12"><style>'
        ".grid{stroke:#ddd}.mark{stroke:#c60;stroke-dasharray:5 4}.free{fill:none;stroke:#0868ac;stroke-width:2}"
        ".raw{fill:none;stroke:#999;stroke-width:1.5}</style>"
        '<rect width="100%" height="100%" fill="white"/>'
        f'<text x="{LEFT}" y="18">Free pre-active SIMs at the end of each hour (blue), their marks (dashed), '
        f"raw SIMs from {raw} to {week.raw[-1]} (grey); {sum(week.sold)} sold, {week.no_stock} buyers sent away</text>"
        f"{days}{marks}{_line(week.raw, raw, 'raw')}{_line(week.free, most, 'free')}</svg>\n"
    )


def _line(values: list[int], most: int, name: str) -> str:
    points = " ".join(f"{_x(hour):.1f},{_y(value, most):.1f}" for hour, value in enumerate(values))
    return f'<polyline points="{points}" class="{name}"/>'


def _x(hour: float) -> float:
    return LEFT + WIDTH * hour / HOURS


def _y(value: float, most: int) -> float:
    return TOP + HEIGHT * (1 - value / most)


if __name__ == "__main__":
    main()
