"""Long texts are read piece by piece, so that time grows with length and not with its square."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cardiolex.reports.entities_found import Extraction, Span


def pieces(text: str, longest: int) -> Iterator[tuple[int, str]]:
    """Start and text of parts of at most `longest` characters, cut at line, sentence or blank."""
    start = 0
    while start < len(text):
        end = min(start + longest, len(text))
        if end < len(text):
            cuts = (text.rfind(mark, start + longest // 2, end) for mark in ("\n", ". ", " "))
            end = next((cut + 1 for cut in cuts if cut > 0), end)
        yield start, text[start:end]
        start = end


def joined(text: str, parts: Sequence[tuple[int, Extraction]]) -> Extraction:
    """One extraction of the whole text; spans count from its beginning."""
    languages = [part.language for _, part in parts]

    def shifted(kind: str) -> tuple[Span, ...]:
        return tuple(
            (start + a, start + b) for start, part in parts for a, b in getattr(part, kind)
        )

    return Extraction(
        text,
        tuple(
            replace(mention, start=start + mention.start, end=start + mention.end)
            for start, part in parts
            for mention in part.mentions
        ),
        shifted("qualifier_spans"),
        shifted("non_finding_spans"),
        shifted("unaccounted"),
        max(set(languages), key=languages.count),
    )
