"""What reports state, for comparing them by meaning, in whatever language they are written."""

from __future__ import annotations

from collections.abc import Sequence

from cardiolex.reports.entities_found import Extraction, Extractor

_WORDS = {"present": "{}", "uncertain": "possible {}", "absent": "no {}"}


def stated(extractions: Sequence[Extraction]) -> list[frozenset[str]]:
    """For each report the findings that it states, those it holds possible with a question mark.

    Two reports say the same where these sets are equal; denials do not count.
    """
    return [
        extraction.present | {f"{name}?" for name in extraction.uncertain}
        for extraction in extractions
    ]


def in_plain_words(report: str, extractor: Extractor) -> str:
    """The findings of a report by their names in English, in its order: a translation of its gist.

    A report in which no finding is known stays as it is.
    """
    (extraction,) = extractor([report])
    parts = [_WORDS[m.assertion].format(m.name) for m in extraction.mentions]
    return ". ".join(dict.fromkeys(parts)) + "." if parts else report
