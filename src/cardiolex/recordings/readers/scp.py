"""SCP-ECG (EN 1064, ISO 11073-91064): sections 1 to 6, and the statements of 8 and 11.

Rhythm data as stored, differenced once or twice, Huffman coded with the default table or the
file's own, with reference beats subtracted, and decimated outside protected areas (bimodal).
"""

from pathlib import Path

import numpy as np

from cardiolex.recordings.readers.errors import bounded_shape
from cardiolex.recordings.readers.lead_codes import LEAD_OF_NUMBER
from cardiolex.recordings.readers.pieces import Piece, join_pieces
from cardiolex.recordings.readers.scp_huffman import parse_tables
from cardiolex.recordings.readers.scp_person import read_person
from cardiolex.recordings.readers.scp_rhythm import Leads, Row, read_leads, rhythm
from cardiolex.recordings.readers.scp_sections import Sections, read_sections
from cardiolex.recordings.readers.scp_statements import read_statements
from cardiolex.recordings.readers.xml_tree import as_report, filled
from cardiolex.recordings.recording import Recording

_TITLES = {
    4: "QRS locations",
    5: "reference beat",
    7: "global measurements",
    9: "statements of the manufacturer",
    10: "measurements per lead",
}


def read_scp(path: Path) -> Recording:
    """Read the rhythm; a wrong CRC of a section that is needed is an error."""
    sections = read_sections(path)
    leads = read_leads(path, sections.need(3))
    tables = parse_tables(path, sections.get(2))
    person, notes, left = read_person(path, sections.get(1))
    found = rhythm(path, sections, leads, tables)
    joined = join_pieces(path, _pieces(leads, found.values_mv, found.fs))
    bounded_shape(path, *joined.values.shape)
    report, status = read_statements(path, sections.get(8))
    codes, _ = read_statements(path, sections.get(11), coded=True)
    details = dict(person.pop("details")) | {"report status": status}
    return Recording.from_channels(
        joined.values,
        joined.names,
        joined.fs,
        id=path.stem,
        report=as_report(report),
        labels=tuple(dict.fromkeys(codes)),
        notes=(*sections.notes, *joined.notes, *found.notes, *notes),
        details=filled(details),
        unread=(*joined.unread, *left, *_unread(sections, leads)),
        **person,
    )


def _pieces(leads: Leads, rows: list[Row], fs: float) -> list[Piece]:
    """Group leads that were recorded together."""
    groups: dict[tuple[int, int], list[int]] = {}
    for n, span in enumerate(leads.spans):
        groups.setdefault(span, []).append(n)
    return [
        Piece(
            np.stack([rows[n] for n in members]),
            tuple(
                LEAD_OF_NUMBER.get(leads.codes[n], f"lead code {leads.codes[n]}") for n in members
            ),
            fs,
            (first - 1) / fs,
            f"leads from sample {first} to {last}",
        )
        for (first, last), members in groups.items()
    ]


def _unread(sections: Sections, leads: Leads) -> list[str]:
    used = {0, 1, 2, 3, 6, 8, 11} | ({4, 5} if leads.subtracted else set())
    return [
        f"section {n} ({_TITLES.get(n, 'reserved or of the manufacturer')})"
        for n in sorted(sections.ids)
        if n not in used
    ]
