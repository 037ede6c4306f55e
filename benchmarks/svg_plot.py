"""A small SVG writer: panels of lines on logarithmic axes. Nothing but text, so that the plot is diffed like code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

PANEL_WIDTH, PANEL_HEIGHT, MARGIN, TITLE = 230, 150, 46, 24
STYLES = (("#1b6ca8", ""), ("#b5482a", "6 3"))
"""Colour and dashes of the first and the second line: colour is not the only signal."""

Line = Sequence[tuple[float, float]]


def panels(title: str, unit: str, plots: Mapping[str, Mapping[str, Line]], columns: int = 4) -> str:
    """One panel a plot, the lines of all on the same axes; every panel has the same names of lines."""
    points = [point for lines in plots.values() for line in lines.values() for point in line]
    xs = sorted({x for x, _ in points})
    low = 10 ** math.floor(math.log10(min(y for _, y in points)))
    high = 10 ** math.ceil(math.log10(max(y for _, y in points)))
    rows = math.ceil(len(plots) / columns)
    width, height = columns * (PANEL_WIDTH + MARGIN) + 10, rows * (PANEL_HEIGHT + MARGIN + TITLE) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="15">{escape(title)}</text>',
        *_legend(next(iter(plots.values())), unit),
    ]
    for number, (name, lines) in enumerate(plots.items()):
        left = MARGIN + number % columns * (PANEL_WIDTH + MARGIN)
        top = 60 + number // columns * (PANEL_HEIGHT + MARGIN + TITLE) + TITLE
        parts.append(f'<g transform="translate({left} {top})">')
        parts += _panel(name, lines, xs, low, high)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _legend(names: Mapping[str, Line], unit: str) -> list[str]:
    parts, left = [], 10
    for (colour, dashes), name in zip(STYLES, names, strict=False):
        parts.append(
            f'<path d="M{left} 40h30" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" fill="none"/>'
            f'<text x="{left + 36}" y="44">{escape(name)}</text>'
        )
        left += 190
    return [*parts, f'<text x="{left}" y="44">{escape(unit)}</text>']


def _panel(name: str, lines: Mapping[str, Line], xs: Sequence[float], low: float, high: float) -> list[str]:
    def at(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - math.log10(xs[0])) / (math.log10(xs[-1]) - math.log10(xs[0]))
        up = (math.log10(y) - math.log10(low)) / (math.log10(high) - math.log10(low))
        return round(across * PANEL_WIDTH, 1), round(PANEL_HEIGHT - up * PANEL_HEIGHT, 1)

    parts = [f'<text x="0" y="-8" font-weight="bold">{escape(name)}</text>']
    decade = low
    while decade <= high * 1.001:
        y = at(xs[0], decade)[1]
        parts.append(f'<path d="M0 {y}H{PANEL_WIDTH}" stroke="#ddd"/><text x="-6" y="{y + 4}" text-anchor="end">')
        parts[-1] += f"{decade:g}</text>"
        decade *= 10
    foot = f'y="{PANEL_HEIGHT + 15}" text-anchor="middle"'
    parts += [f'<text x="{at(x, low)[0]}" {foot}>{x:,.0f}</text>' for x in xs]
    for (colour, dashes), line in zip(STYLES, lines.values(), strict=False):
        way = " ".join(f"{x},{y}" for x, y in (at(*point) for point in line))
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
        )
        parts += [f'<circle cx="{at(*p)[0]}" cy="{at(*p)[1]}" r="2.5" fill="{colour}"/>' for p in line]
    return parts
