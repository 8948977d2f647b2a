"""How results of a search are shown: for reading, as JSON, as CSV, as strips on paper."""

from __future__ import annotations

import csv
import io
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from cardiolex.cli.rendered import write_rendered
from cardiolex.errors import CardiolexError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cardiolex.recordings.recording import Recording
    from cardiolex.search import Hit

COLUMNS = (
    "query", "among", "rank", "similarity", "id", "patient", "records", "report", "source",
)  # fmt: skip
WIDTH = 100
STRIPS = 9  # on a picture


@dataclass
class Query:
    """A sentence, or the id of a recording, with its vector (E,) and what was found by kind."""

    text: str
    vector: NDArray[np.float32]
    recording: Recording | None = None
    source: str = ""
    hits: dict[str, list[Hit]] = field(default_factory=dict)


def write_found(found: Iterable[Query], format: str, output: Path | None) -> int:
    """Print the results, or write them to `output` at once; returns the number of queries."""
    render = {"table": _table, "json": _json, "csv": _csv}[format]
    return write_rendered(found, render, output)


def _table(found: Iterable[Query]) -> Iterator[str]:
    for query in found:
        lines = [query.text]
        for kind, hits in query.hits.items():
            lines.append(f"  nearest {kind}s")
            lines += [_line(kind, hit) for hit in hits]
        yield "\n".join(lines) + "\n\n"


def _line(kind: str, hit: Hit) -> str:
    entry = hit.entry
    whose = entry.id if kind == "recording" else PurePath(entry.id).stem
    more = f" and {entry.count - 1} more" if entry.count > 1 else ""
    shown = textwrap.shorten(f"{whose}{more}: {entry.report}", WIDTH, placeholder=" …")
    return f"  {hit.rank:>3}  {hit.similarity:6.3f}  {shown.removesuffix(':')}"


def rows(query: Query) -> Iterator[dict[str, Any]]:
    """One row per result, with the keys `COLUMNS`."""
    for kind, hits in query.hits.items():
        for hit in hits:
            entry = hit.entry
            numbers = {"rank": hit.rank, "similarity": round(hit.similarity, 6)}
            about = {"id": entry.id, "patient": entry.patient, "records": entry.count}
            text = {"report": entry.report, "source": entry.source}
            yield {"query": query.text, "among": f"{kind}s", **numbers, **about, **text}


def _csv(found: Iterable[Query]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.DictWriter(line, COLUMNS, lineterminator="\n")
    writer.writeheader()
    yield line.getvalue()
    for query in found:
        line.seek(0)
        line.truncate()
        writer.writerows(rows(query))
        yield line.getvalue()


def _json(found: Iterable[Query]) -> Iterator[str]:
    """One JSON array, an element per query."""
    separator = "[\n"
    for query in found:
        kind = "text" if query.recording is None else "recording"
        kept = [{k: v for k, v in row.items() if k != "query"} for row in rows(query)]
        element = {"query": query.text, "kind": kind, "hits": kept}
        yield separator + json.dumps(element, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def draw(query: Query, folder: Path) -> Query:
    """Draw strips of the recording asked with and of the nearest ones; returns the query."""
    from cardiolex.plots.gallery import gallery
    from cardiolex.plots.paper import save
    from cardiolex.recordings.readers import read

    strips = [] if query.recording is None else [(query.recording, f"asked with: {query.text}")]
    for hit in query.hits.get("recording", [])[: STRIPS - len(strips)]:
        try:
            caption = f"{hit.rank}.  {hit.similarity:.3f}  {hit.entry.id}"
            strips.append((read(hit.entry.source), caption))
        except (CardiolexError, OSError) as error:
            print(f"cardiolex: not drawn: {error}", file=sys.stderr)
    if strips:
        save(gallery(strips), folder / f"{_file_name(query.text)}.png")
    return query


def _file_name(text: str) -> str:
    """Letters, digits and dashes, not too long."""
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in text)
    return plain.strip("-.")[:80] or "query"
