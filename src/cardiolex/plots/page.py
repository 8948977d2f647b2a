"""A page of findings: one HTML file that needs no network, no script and no other file.

Everything written on it is escaped, and a content security policy forbids the browser to run or
load anything, so that a hostile patient name or file name stays text.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text

NOTICE = (
    "Research software, not a medical device. These findings are statistical answers of a model "
    "and must not guide the care of a patient."
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class PageAnswer:
    """A probability (0 to 1) and the decision at the operating point (None: no such point)."""

    probability: float
    decision: bool | None = None


@dataclass(frozen=True)
class PageRow:
    """One condition: an answer per column of the record (None: not asked), and seen or unseen."""

    condition: str
    answers: tuple[PageAnswer | None, ...]
    seen: bool | None = None


@dataclass(frozen=True)
class PageRecord:
    """One recording. `columns` name the sets of leads asked, such as ("12 leads", "lead I").

    `picture` holds the bytes of an SVG or PNG file, `picture_text` says what it shows.
    """

    title: str
    rows: tuple[PageRow, ...]
    columns: tuple[str, ...] = ("all leads",)
    subtitle: str = ""
    picture: bytes | None = None
    picture_text: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Title, introduction, recordings, and lines about the model for the foot of the page."""

    title: str
    records: tuple[PageRecord, ...]
    introduction: tuple[str, ...] = ()
    model: tuple[str, ...] = ()


def findings_page(page: Page) -> str:
    """The page as HTML text. CardiolexError if a row does not fit its record's columns."""
    style = files("cardiolex.plots").joinpath("page.css").read_text(encoding="utf-8")
    sections = [_section(number, record) for number, record in enumerate(page.records, start=1)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(page.title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<header>",
            f"<h1>{escape(page.title)}</h1>",
            f'<p class="notice" role="note">{escape(NOTICE)}</p>',
            *paragraphs(page.introduction),
            _contents(page.records),
            "</header>",
            "<main>",
            *sections,
            "</main>",
            "<footer>",
            *paragraphs(page.model),
            "</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def save_page(page: Page, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    write_text(path, findings_page(page))
    return Path(path)


def paragraphs(lines: Sequence[str]) -> list[str]:
    """Lines as paragraphs, escaped."""
    return [f"<p>{escape(line)}</p>" for line in lines]


def _contents(records: Sequence[PageRecord]) -> str:
    if len(records) < 2:
        return ""
    items = [
        f'<li><a href="#record-{number}">{escape(record.title)}</a></li>'
        for number, record in enumerate(records, start=1)
    ]
    return f'<nav aria-label="Recordings"><ul>{"".join(items)}</ul></nav>'


def _section(number: int, record: PageRecord) -> str:
    heading = f"record-{number}"
    parts = [f'<section aria-labelledby="{heading}">']
    parts.append(f'<h2 id="{heading}">{escape(record.title)}</h2>')
    if record.subtitle:
        parts.append(f'<p class="soft">{escape(record.subtitle)}</p>')
    if record.warnings:
        items = "".join(f"<li>{escape(warning)}</li>" for warning in record.warnings)
        warned = f"<strong>Signal quality</strong><ul>{items}</ul>"
        parts.append(f'<div class="warnings" role="note">{warned}</div>')
    if record.picture is not None:
        parts.append(_figure(record))
    parts.append(_table(record))
    parts += [f'<p class="soft">{escape(note)}</p>' for note in record.notes]
    return "\n".join([*parts, "</section>"])


def _figure(record: PageRecord) -> str:
    assert record.picture is not None
    kind = media_type(record.picture, record.title)
    data = base64.b64encode(record.picture).decode("ascii")
    text = record.picture_text or f"ECG of {record.title}"
    return (
        f'<figure><img src="data:{kind};base64,{data}" alt="{escape(text)}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def media_type(picture: bytes, title: str) -> str:
    """Of a PNG or SVG file; CardiolexError naming `title` for anything else."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    start = picture[:200].lstrip()
    if start.startswith((b"<?xml", b"<svg")):
        return "image/svg+xml"
    raise CardiolexError(f"the picture of {title!r} is neither a PNG nor an SVG file")


def _table(record: PageRecord) -> str:
    told = any(row.seen is not None for row in record.rows)
    titles = ["condition", *record.columns, *(["in pre-training"] if told else [])]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "\n".join(_row(row, record, told) for row in record.rows)
    caption = "Probability of each condition; the word beside it is the decision."
    return (
        f'<div class="scroll"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(row: PageRow, record: PageRecord, told: bool) -> str:
    if len(row.answers) != len(record.columns):
        raise CardiolexError(
            f"{record.title!r}: {row.condition!r} has {len(row.answers)} answers for "
            f"{len(record.columns)} columns"
        )
    cells = [f'<th scope="row">{escape(row.condition)}</th>', *map(_answer, row.answers)]
    if told:
        cells.append(f"<td>{ {True: 'seen', False: 'unseen', None: ''}[row.seen] }</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _answer(answer: PageAnswer | None) -> str:
    if answer is None:
        return '<td class="answer">not asked</td>'
    if not 0.0 <= answer.probability <= 1.0:
        raise CardiolexError(f"probability {answer.probability} lies outside 0 to 1")
    bar = f'<span class="fill" style="width:{100 * answer.probability:.1f}%"></span>'
    word = {True: '<span class="yes">yes</span>', False: '<span class="no">no</span>', None: ""}
    return (
        f'<td class="answer"><span class="number">{answer.probability:.2f}</span>'
        f'<span class="track" aria-hidden="true">{bar}</span>{word[answer.decision]}</td>'
    )
