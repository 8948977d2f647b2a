"""The rules extractor: report text -> findings with spans and assertion. Offline, no model.

Follows K-MERL's and SuPreME's first step (find the cardiac entities of a report and whether each is
stated), with an explicit third state: wording such as "possible" or "cannot rule out" is uncertain.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.reports.entities_found import Extraction, Mention
from cardiolex.reports.rules.accounting import account
from cardiolex.reports.rules.atoms import Atom, Matcher
from cardiolex.reports.rules.attributes import Attributes, absorb
from cardiolex.reports.rules.findings import Found, Reader
from cardiolex.reports.rules.language import in_language, language_of
from cardiolex.reports.rules.lexicon import TABLES, Lexicon
from cardiolex.reports.rules.naming import names
from cardiolex.reports.rules.pieces import joined, pieces
from cardiolex.reports.rules.scope import Scope
from cardiolex.reports.vocabulary import Vocabulary

PIECE = 4_000
"""Characters read at once; a longer text is cut between sentences or words."""
LONGEST = 1_000_000
"""Longer texts are no ECG reports; they are refused."""


class Rules:
    """Extracts findings by the bundled vocabulary and rule tables.

    `vocabulary`: another vocabulary; `folder`: other rule tables (copy the bundled ones and edit);
    `remember`: how many distinct short texts are kept, since machine statements repeat.
    """

    name = "rules"

    def __init__(
        self,
        vocabulary: Vocabulary | None = None,
        folder: str | Path | None = None,
        remember: int = 50_000,
    ) -> None:
        self.lexicon = Lexicon(vocabulary, Path(folder) if folder is not None else None)
        self.vocabulary = self.lexicon.vocabulary
        self.matcher = Matcher(self.lexicon)
        self.remember = remember
        self._known: OrderedDict[str, Extraction] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes as what it was made of."""
        return Rules, (self.vocabulary, self.lexicon.folder, self.remember)

    @property
    def version(self) -> str:
        """16 hexadecimal digits that change with any rule table or the vocabulary."""
        digest = hashlib.sha256(self.vocabulary.fingerprint.encode())
        for table in TABLES:
            digest.update((self.lexicon.folder / f"{table}.toml").read_bytes())
        return digest.hexdigest()[:16]

    def __call__(self, texts: Sequence[str]) -> list[Extraction]:
        """One extraction per text, in order; identical texts are read once."""
        return [self.extract(text) for text in texts]

    def extract(self, text: str) -> Extraction:
        """The findings of one text. Raises CardiolexError for what is no text or far too long."""
        known = self._known.get(text) if isinstance(text, str) else None
        if known is not None:
            return known
        extraction = self._read(_checked(text))
        if len(text) <= PIECE:
            self._known[text] = extraction
        if len(self._known) > self.remember:
            self._known.popitem(last=False)
        return extraction

    def _read(self, text: str) -> Extraction:
        if len(text) > PIECE:
            return joined(text, [(start, self._read(part)) for start, part in pieces(text, PIECE)])
        atoms = self.matcher.atoms(text)
        language = language_of(atoms)
        atoms = in_language(atoms, language, self.lexicon.in_language)
        found = absorb(atoms, Reader(atoms, self.lexicon).read(), self.lexicon)
        Attributes(atoms, found, self.lexicon).attach()
        Scope(atoms, found).assert_all()
        found = [one for one in found if one.assertion != "unsaid"]
        mentions = self._mentions(atoms, found)
        spans = [(atoms[f.first].start, atoms[f.last].end) for f in found]
        qualifiers, silent, unknown = account(text, atoms, spans)
        return Extraction(text, mentions, qualifiers, silent, unknown, language)

    def _mentions(self, atoms: Sequence[Atom], found: Sequence[Found]) -> tuple[Mention, ...]:
        mentions = []
        beats: list[str] = []
        for one in found:
            span = atoms[one.first].start, atoms[one.last].end
            qualifiers = tuple(dict.fromkeys([*one.qualifiers, *one.leads]))
            for name in names(one, self.lexicon):
                if one.assertion == "absent" and one.first == one.last:
                    name = self.lexicon.denied_thing.get((name, atoms[one.first].text), name)
                name = self.lexicon.pattern(name, beats)
                mentions.append(Mention(name, one.assertion, *span, qualifiers))  # type: ignore[arg-type]
                beats.append(one.name)
        return tuple(mentions)


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise CardiolexError(
            f"A report must be text, not {type(text).__name__}. "
            "Leave empty cells out (statements() does) or convert them first."
        )
    if len(text) > LONGEST:
        raise CardiolexError(
            f"A report of {len(text):,} characters is longer than {LONGEST:,}: no ECG report. "
            "Split the file into its reports."
        )
    return text


@lru_cache(maxsize=1)
def bundled_rules() -> Rules:
    """The extractor with the bundled vocabulary and tables, built once."""
    return Rules()


def extract(text: str) -> Extraction:
    """The findings of a report in English, German or Swedish, with spans and assertion.

    >>> extract("Sinus rhythm. Cannot rule out inferior infarct.").uncertain
    frozenset({'inferior myocardial infarction'})
    """
    return bundled_rules().extract(text)
