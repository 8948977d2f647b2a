"""The audit page: what was found, what was not, and the words behind it; one HTML file."""

from collections.abc import Iterable, Sequence
from html import escape

from cardiolex.reports.entities_found import Extraction, Section
from cardiolex.reports.tables.chart import frequency_svg
from cardiolex.reports.tables.sources import Skips
from cardiolex.reports.tables.tally import Tally
from cardiolex.reports.vocabulary import Vocabulary

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto;
  padding: 0 1rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin-bottom: 1rem }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums }
tr + tr td { border-top: 1px solid #eee } small { color: #666 } details { margin: .3rem 0 }
.text { font-family: ui-monospace, monospace; font-size: 13px; white-space: pre-wrap;
  margin: .25rem 0 .6rem 1rem }
mark { border-radius: 3px; padding: 0 2px } .silent { color: #999 }
.present { background: #bfe3c0 } .uncertain { background: #ffe2a8 }
.absent { background: #f3c1c1 } .qualifier { background: #dce6f5 }
.unaccounted { background: #f7b6ee; outline: 1px solid #b0309a }
svg { max-width: 100% }
"""


def audit_page(
    tally: Tally,
    skips: Skips,
    vocabulary: Vocabulary,
    *,
    title: str,
    extractor: str,
    sections: Sequence[Section] = (),
) -> str:
    """HTML without scripts or outside resources; every text of a report is escaped.

    `sections` are the extractor's own tables; they follow the coverage.
    """
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>Extraction audit: {escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>Extraction audit: {escape(title)}</h1>",
        f"<p>Extractor {escape(extractor)}, vocabulary {escape(vocabulary.version)} "
        f"({len(vocabulary)} findings, {len(vocabulary.superclasses)} superclasses).</p>",
        _legend(),
        "<h2>Coverage</h2>",
        _table(("", "", ""), tally.statistics(vocabulary)),
        _table(("language", "texts"), tally.languages.most_common()),
        _skipped(skips),
        *map(_section, sections),
        "<h2>Most frequent findings</h2>",
        frequency_svg(tally.frequencies("present")),
        "<h2>Most often uncertain</h2>",
        _table(("finding", "mentions"), tally.frequencies("uncertain")[:25]),
        "<h2>Most often denied</h2>",
        _table(("finding", "mentions"), tally.frequencies("absent")[:15]),
        "<h2>Not understood</h2>",
        _unknown(tally),
        "<h2>Findings in context</h2>",
        _contexts(tally),
    ]
    return "\n".join(part for part in parts if part) + "\n</html>\n"


def _legend() -> str:
    kinds = ("present", "uncertain", "absent", "qualifier", "unaccounted")
    marks = " ".join(f"<mark class='{kind}'>{kind}</mark>" for kind in kinds)
    return f"<p>{marks} <span class='silent'>states no finding</span></p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    body = "".join(
        "<tr>"
        + "".join(
            f"<td class='n'>{cell:,}</td>"
            if isinstance(cell, int)
            else f"<td>{escape(str(cell))}</td>"
            for cell in row
        )
        + "</tr>"
        for row in rows
    )
    if not body:
        return "<p>None.</p>"
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head) if any(head) else ""
    return f"<table><tr>{top}</tr>{body}</table>" if top else f"<table>{body}</table>"


def _section(section: Section) -> str:
    note = f"<p>{escape(section.note)}</p>" if section.note else ""
    return f"<h2>{escape(section.title)}</h2>{note}{_table(section.head, section.rows)}"


def _skipped(skips: Skips) -> str:
    if not skips.counts:
        return ""
    rows = [(why, n, skips.examples[why]) for why, n in skips.counts.most_common()]
    return "<h2>Left out</h2>" + _table(("reason", "records", "first"), rows)


def _unknown(tally: Tally) -> str:
    rows = [
        (words, n, tally.unaccounted_in[words]) for words, n in tally.unaccounted.most_common(60)
    ]
    return _table(("words", "times", "for example"), rows)


def _contexts(tally: Tally) -> str:
    lines = []
    names = [name for name, _ in tally.frequencies("present")]
    names += sorted({name for name, _ in tally.mentions} - set(names))
    for name in names[:150]:
        shown = {
            text.text: text
            for said in ("present", "uncertain", "absent")
            for text in tally.examples.get((name, said), ())[:2]
        }
        counts = ", ".join(
            f"{tally.mentions[name, said]:,} {said}"
            for said in ("present", "uncertain", "absent")
            if tally.mentions[name, said]
        )
        texts = "".join(f"<div class='text'>{coloured(text)}</div>" for text in shown.values())
        lines.append(
            f"<details open><summary>{escape(name)} <small>{counts}</small></summary>"
            f"{texts}</details>"
        )
    return "\n".join(lines)


def coloured(extraction: Extraction) -> str:
    """The text as HTML, every span marked by what it is; names appear when pointed at."""
    text = extraction.text
    spans: list[tuple[int, int, str]] = [(m.start, m.end, m.assertion) for m in extraction.mentions]
    for kind, listed in (
        ("qualifier", extraction.qualifier_spans),
        ("silent", extraction.non_finding_spans),
        ("unaccounted", extraction.unaccounted),
    ):
        spans += [(start, end, kind) for start, end in listed]
    pieces, position = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < position:
            continue
        notes = [m.name for m in extraction.mentions if (m.start, m.end) == (start, end)]
        title = escape("; ".join(notes) + f" ({kind})" if notes else kind, quote=True)
        tag = "span" if kind == "silent" else "mark"
        pieces.append(escape(text[position:start]))
        pieces.append(f"<{tag} class='{kind}' title='{title}'>{escape(text[start:end])}</{tag}>")
        position = end
    return "".join(pieces) + escape(text[position:])
