"""A page of results: one HTML file with tables and pictures, no script, nothing loaded.

It prints well (a style for paper is in it); `print_page` makes the PDF where there is a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.files import write_text
from cardiolex.plots.document import contents, document, figure, paragraphs, warning_box
from cardiolex.plots.paper import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTICE = "Research software, not a medical device. Figures hold for these recordings."


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; rows that start with `**` are set in bold."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """The bytes of an SVG or PNG file and what it shows."""

    content: bytes
    text: str

    @classmethod
    def of(cls, figure: Figure, text: str) -> Picture:
        """A figure as SVG."""
        return cls(render(figure, "svg"), text)


@dataclass(frozen=True)
class Part:
    """A section: what it says, its tables and pictures; `markdown` and `code` end it."""

    title: str
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    markdown: str = ""
    code: str = ""


@dataclass(frozen=True)
class ResultPage:
    """Title, introduction, and the parts in order."""

    title: str
    parts: tuple[Part, ...]
    introduction: tuple[str, ...] = ()


def result_page(page: ResultPage) -> str:
    """The page as HTML text."""
    titles = [part.title for part in page.parts]
    return document(
        page.title,
        notice=NOTICE,
        style="result_page.css",
        introduction=page.introduction,
        contents=contents("Parts", "part", titles) if len(titles) > 2 else "",
        main=[_part(number, part) for number, part in enumerate(page.parts, start=1)],
    )


def save_result_page(page: ResultPage, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    write_text(path, result_page(page))
    return Path(path)


def _part(number: int, part: Part) -> str:
    heading = f"part-{number}"
    lines = [f'<section class="part" aria-labelledby="{heading}">']
    lines.append(f'<h2 id="{heading}">{escape(part.title)}</h2>')
    lines += paragraphs(part.paragraphs)
    if part.warnings:
        lines.append(warning_box(part.warnings))
    if part.pictures:
        drawn = "".join(figure(one.content, one.text, part.title) for one in part.pictures)
        lines.append(f'<div class="pictures">{drawn}</div>')
    lines += [_table(table) for table in part.tables]
    lines += [f'<p class="soft">{escape(note)}</p>' for note in part.notes]
    if part.markdown:
        lines.append(f'<div class="prose">{_rendered(part.markdown)}</div>')
    if part.code:
        lines.append(f"<pre><code>{escape(part.code)}</code></pre>")
    return "\n".join([*lines, "</section>"])


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in table.header)
    body = "\n".join(_row(row) for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(row: Sequence[str]) -> str:
    strong = bool(row) and row[0].startswith("**")
    cells = [escape(cell.strip("*")) if strong else escape(cell) for cell in row]
    first = f'<th scope="row">{cells[0]}</th>'
    rest = "".join(f"<td>{cell}</td>" for cell in cells[1:])
    return f'<tr class="mean">{first}{rest}</tr>' if strong else f"<tr>{first}{rest}</tr>"


def _rendered(markdown: str) -> str:
    """Markdown as HTML, headings lower; HTML inside it is shown as text, pictures are left out."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    html: str = parser.render(markdown)
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(
            f"</h{level}>", f"</h{level + 2}>"
        )
    return html
