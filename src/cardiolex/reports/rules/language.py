"""The language of a report, from the wordings it holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cardiolex.reports.rules.atoms import Atom


def language_of(atoms: Sequence[Atom]) -> str:
    """ "en", "de" or "sv"; "other" where most words are unknown to the rules.

    Each phrase listed under one language only is a vote for it.
    """
    words = [atom for atom in atoms if not atom.is_("mark", "number", "leads", "passage")]
    unknown = sum("unknown" in atom.roles for atom in words)
    if len(words) > 3 and unknown >= 0.4 * len(words):
        return "other"
    votes = Counter(
        next(iter(atom.languages))
        for atom in words
        if len(atom.languages) == 1 and "" not in atom.languages
    )
    if not votes:
        return "en"
    return max(("en", "de", "sv"), key=lambda language: votes[language])


def in_language(
    atoms: Sequence[Atom], language: str, meanings: Mapping[str, Mapping[str, str]]
) -> list[Atom]:
    """Abbreviations by what they mean in the language of the text: German "LAE" is an embolism.

    `meanings`: language -> abbreviation -> finding.
    """
    own = meanings.get(language, {})
    return [
        replace(atom, roles={**atom.roles, "entity": own[atom.text]})
        if atom.text in own and "entity" in atom.roles
        else atom
        for atom in atoms
    ]
