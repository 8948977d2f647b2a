"""Draw how the systems work: python docs/make_diagrams.py writes images/systems/*.svg.

Boxes are read from left to right; an arrow leads from one to the next of its row, and from the last
of every row to what all rows meet in.
"""

from html import escape
from pathlib import Path

from cardiolex.files import atomic_write

FOLDER = Path(__file__).parent / "images" / "systems"
WIDTH, HEIGHT, GAP, ROW = 168, 58, 34, 92
STYLE = (
    "text{font:13px sans-serif;fill:#1b2733}.b{fill:#fff;stroke:#33516e;stroke-width:1.5}"
    ".e{fill:#fde9e4;stroke:#a8452c}.t{fill:#e6f1e4;stroke:#3d7a35}.l{fill:#fff6d8;stroke:#9a7a10}"
    ".a{stroke:#33516e;stroke-width:1.5;marker-end:url(#h)}"
)
DIAGRAMS: dict[str, tuple[list[list[str]], str]] = {
    "kmerl": (
        [
            ["e:ECG, any leads", "b:segments of each lead,|many of them hidden",
             "b:transformer over|lead x time tokens"],
            ["t:report", "b:entities by rules|or a language model",
             "b:text encoder,|one vector a name"],
        ],
        "l:query network: each name|reads the tokens; contrast|with the report",
    ),
    "supreme": (
        [
            ["e:ECG, twelve leads", "b:patches of each lead", "b:vision transformer"],
            ["t:report", "b:entities, filtered,|merged, mapped", "b:text encoder"],
        ],
        "l:fusion network: present|or absent, name by name",
    ),
    "merl": (
        [
            ["e:ECG, twelve leads", "b:ResNet or ViT", "b:two dropped-out views|of one embedding"],
            ["t:whole report", "b:frozen text encoder", "b:projection"],
        ],
        "l:contrast ECG - report,|and view - view",
    ),
    "melp": (
        [
            ["e:ECG, twelve leads", "b:CNN and transformer", "b:tokens, beats,|whole recording"],
            ["t:report", "b:causal text encoder|adapted to cardiology",
             "b:words, sentences,|whole report"],
        ],
        "l:three levels: caption,|beat - sentence,|recording - report",
    ),
}  # fmt: skip


def _box(spec: str, x: float, y: float, height: float = HEIGHT) -> str:
    kind, _, words = spec.partition(":")
    lines = words.split("|")
    top = y + height / 2 - 8 * (len(lines) - 1) + 4
    text = "".join(
        f'<text x="{x + WIDTH / 2}" y="{top + 16 * number}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for number, line in enumerate(lines)
    )
    return (
        f'<rect class="b {kind}" x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="6"/>{text}'
    )


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="a" x1="{x1}" y1="{y1}" x2="{x2 - 7}" y2="{y2}"/>'


def diagram(rows: list[list[str]], meeting: str) -> str:
    """One SVG: a row per input, and the box in which they meet at the right."""
    longest = max(len(row) for row in rows)
    parts = []
    meet_x = 10 + longest * (WIDTH + GAP)
    height = ROW * len(rows) - (ROW - HEIGHT)
    for line, row in enumerate(rows):
        y = 10 + line * ROW
        for place, spec in enumerate(row):
            x = 10 + place * (WIDTH + GAP)
            parts.append(_box(spec, x, y))
            end = x + WIDTH + GAP
            parts.append(_arrow(x + WIDTH, y + HEIGHT / 2, end, y + HEIGHT / 2))
    parts.append(_box(meeting, meet_x, 10, height))
    size = f"{meet_x + WIDTH + 10} {height + 20}"
    head = (
        '<marker id="h" markerWidth="8" markerHeight="8" refX="1" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#33516e"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img">'
        f"<style>{STYLE}</style><defs>{head}</defs>{''.join(parts)}</svg>\n"
    )


def main() -> None:
    """Write every diagram."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (rows, meeting) in DIAGRAMS.items():
        with atomic_write(FOLDER / f"{name}.svg") as part:
            part.write_text(diagram(rows, meeting), encoding="utf-8")


if __name__ == "__main__":
    main()
