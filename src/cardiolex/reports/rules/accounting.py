"""Every word of a text ends as finding, qualifier or non-finding; the rest is unaccounted."""

from collections.abc import Iterable, Sequence

from cardiolex.reports.entities_found import Span
from cardiolex.reports.rules.atoms import Atom

QUALIFYING = ("cue", "state", "place", "leads", "site", "age", "doubtful age", "rate", "kind",
              "qualifier", "subject", "or", "and", "stop")  # fmt: skip


def account(
    text: str, atoms: Sequence[Atom], mentions: Iterable[Span]
) -> tuple[tuple[Span, ...], tuple[Span, ...], tuple[Span, ...]]:
    """Qualifier spans, non-finding spans and unaccounted spans outside the mentions.

    Neighbours of one kind are joined. Marks and blanks need no account; numbers state nothing.
    """
    spans = list(mentions)
    kinds: tuple[list[Span], list[Span], list[Span]] = ([], [], [])
    for atom in atoms:
        if "mark" in atom.roles or any(s <= atom.start and atom.end <= e for s, e in spans):
            continue
        _append(kinds[_kind(atom)], (atom.start, atom.end), text)
    qualifiers, silent, unknown = kinds
    return tuple(qualifiers), tuple(silent), tuple(unknown)


def _kind(atom: Atom) -> int:
    if "unknown" in atom.roles:
        return 2
    if atom.is_("passage", "number"):
        return 1
    return 0 if atom.is_(*QUALIFYING) else 1


def _append(spans: list[Span], span: Span, text: str) -> None:
    if spans and not text[spans[-1][1] : span[0]].strip(" \t-,/"):
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)
