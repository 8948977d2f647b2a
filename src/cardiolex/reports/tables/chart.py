"""Frequency of findings as an SVG drawing: bars on a logarithmic scale, longest first."""

import math
from collections.abc import Sequence
from html import escape

ROW, LEFT, WIDTH = 17, 300, 460


def frequency_svg(counts: Sequence[tuple[str, int]], most: int = 40) -> str:
    """One bar per finding (name, mentions), the `most` frequent ones."""
    shown = list(counts[:most])
    height = ROW * len(shown) + 40
    top = max((count for _, count in shown), default=1)
    decades = range(max(1, math.ceil(math.log10(top + 1))) + 1)
    scale = WIDTH / decades[-1]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 90}" height="{height}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="Mentions per finding">',
        f'<rect width="{LEFT + WIDTH + 90}" height="{height}" fill="white"/>',
    ]
    for decade in decades:
        x = LEFT + decade * scale
        lines.append(
            f'<line x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{height - 20}" stroke="#ddd"/>'
            f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle" fill="#555">'
            f"{10**decade:,}</text>"
        )
    for place, (name, count) in enumerate(shown):
        y = 20 + place * ROW
        length = math.log10(max(count, 1)) * scale + 2
        lines.append(
            f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{ROW - 4}" fill="#3b6ea5"/>'
            f'<text x="{LEFT + length + 5:.1f}" y="{y + 11}" fill="#333">{count:,}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
