"""A page of findings: one HTML file with a picture and a table for every recording."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.plots.document import contents, document, figure, warning_box

NOTICE = (
    "Research software, not a medical device. These findings are statistical answers of a model "
    "and must not guide the care of a patient."
)


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
    titles = [record.title for record in page.records]
    return document(
        page.title,
        notice=NOTICE,
        style="page.css",
        introduction=page.introduction,
        contents=contents("Recordings", "record", titles) if len(titles) > 1 else "",
        main=[_section(number, record) for number, record in enumerate(page.records, start=1)],
        footer=page.model,
    )


def save_page(page: Page, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    write_text(path, findings_page(page))
    return Path(path)


def _section(number: int, record: PageRecord) -> str:
    heading = f"record-{number}"
    parts = [f'<section aria-labelledby="{heading}">']
    parts.append(f'<h2 id="{heading}">{escape(record.title)}</h2>')
    if record.subtitle:
        parts.append(f'<p class="soft">{escape(record.subtitle)}</p>')
    if record.warnings:
        parts.append(warning_box(record.warnings, "Signal quality"))
    if record.picture is not None:
        text = record.picture_text or f"ECG of {record.title}"
        parts.append(figure(record.picture, text, record.title))
    parts.append(_table(record))
    parts += [f'<p class="soft">{escape(note)}</p>' for note in record.notes]
    return "\n".join([*parts, "</section>"])


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
