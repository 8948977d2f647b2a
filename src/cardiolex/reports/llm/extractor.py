"""The extractor that asks a language model: texts in, mentions with spans out.

Every distinct statement is asked once, whatever number of reports holds it. A statement is asked
apart from its report: carts' statements stand for themselves, and a hostile one cannot change what
is found in others. `whole_reports` asks as the papers did.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from cardiolex.errors import CardiolexError
from cardiolex.reports.entities_found import (
    Assertion,
    Extraction,
    Extractor,
    Mention,
    Section,
    Span,
)
from cardiolex.reports.llm.asking import Asker
from cardiolex.reports.llm.audit import sections
from cardiolex.reports.llm.bounded import in_parallel
from cardiolex.reports.llm.chat import Chat
from cardiolex.reports.llm.checks import TextCheck, rules_for
from cardiolex.reports.llm.dialect import Dialect
from cardiolex.reports.llm.endpoint import Endpoint
from cardiolex.reports.llm.failures import NoAnswer
from cardiolex.reports.llm.found import Answered
from cardiolex.reports.llm.journal import Journal
from cardiolex.reports.llm.kmerl import KMERL
from cardiolex.reports.llm.running import run
from cardiolex.reports.llm.statements import (
    LONGEST,
    Statement,
    speaks_to_a_model,
    statements_of,
)
from cardiolex.reports.llm.supreme import SuPreME
from cardiolex.reports.llm.tally import Tally
from cardiolex.reports.llm.whole import rest_of
from cardiolex.reports.vocabulary import Vocabulary

ProcedureName = Literal["kmerl", "supreme"]
Progress = Callable[[int, int], None]
Located = tuple[str, Assertion, Span]
REMEMBERED = 50_000
"""Distinct statements, and texts, whose answers are kept in memory; the journal has all."""
Targets = Callable[[str], str | None]
"""A name as found -> the vocabulary's name, or None where it has no place there."""


class LLMExtractor:
    """Satisfies `Extractor` and `Counting`.

    `tally` has what was found over all calls, `counts` what these calls took: requests, answers
    from the journal, failures. `targets` maps the names that the model uses to the vocabulary's;
    without it the vocabulary's own wordings decide, and what they do not know is left unaccounted
    and counted as unmapped. `reasons` (name -> why it is mapped so) are shown on the audit page.
    `rules` is the second witness (see `checks`), the rules extractor if not given. `ask_again` asks
    once more what an earlier run left refused or malformed.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        procedure: ProcedureName = "kmerl",
        journal: str | Path = ":memory:",
        vocabulary: Vocabulary | None = None,
        targets: Targets | None = None,
        reasons: Mapping[str, str] | None = None,
        rules: Extractor | None = None,
        whole_reports: bool = False,
        prompts: Path | None = None,
        ask_again: bool = False,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.endpoint = endpoint
        self.vocabulary = vocabulary or Vocabulary.load()
        self.procedure = procedure_named(procedure, prompts)
        self.journal = Journal(journal)
        self.targets = targets or self.vocabulary.resolve
        self.reasons = reasons or {}
        self.rules = rules or rules_for(self.vocabulary)
        self.whole_reports = whole_reports
        self.ask_again = ask_again
        self.progress = progress
        self.tally = Tally()
        self.counts: Counter[str] = Counter()
        self._answers: dict[str, Answered] = {}
        self._places: dict[str, tuple[Located, ...]] = {}
        self._extractions: dict[str, Extraction] = {}
        self._dialect: Dialect | None = None

    @property
    def name(self) -> str:
        """Such as "llm/kmerl"."""
        return f"llm/{self.procedure.name}"

    @property
    def version(self) -> str:
        """Model, prompts, unit of asking and vocabulary: what the result depends on."""
        unit = "report" if self.whole_reports else "statement"
        return (
            f"{self.endpoint.model}; prompts {self.procedure.version}; by {unit}; "
            f"vocabulary {self.vocabulary.fingerprint}; rules {self.rules.version}"
        )

    def __call__(self, texts: Sequence[str]) -> list[Extraction]:
        """What the texts state, in their order. Also works where an event loop already runs."""
        return run(self.extract(texts))

    async def extract(self, texts: Sequence[str]) -> list[Extraction]:
        """As a call, for use inside an event loop."""
        whole = self.whole_reports
        cut = {text: statements_of(text, whole=whole) for text in dict.fromkeys(texts)}
        await self._answer(statement for text in texts for statement in cut[text])
        self.tally.texts += len(texts)
        found = {text: self._assembled(text, parts) for text, parts in cut.items()}
        _forget(self._answers)
        _forget(self._extractions)
        return [found[text] for text in texts]

    def statistics(self) -> list[tuple[str, int]]:
        """Stage and count: what was read, found and rejected; SuPreME's stages."""
        tally = self.tally
        return [
            ("texts", tally.texts),
            ("statements", tally.statements),
            ("distinct statements", tally.distinct),
            *((f"statements {outcome}", n) for outcome, n in sorted(tally.outcomes.items())),
            *tally.stages(),
        ]

    def requests(self) -> list[tuple[str, int]]:
        """What the calls of this extractor took: asked, from the journal, failures, and how many.

        Other than `statistics`, this differs when a run is done again.
        """
        return [(what, n) for what, n in sorted(self.counts.items()) if n]

    def take_counts(self) -> dict[str, Any]:
        """The tally since the last call, as JSON data; it starts anew."""
        counts, self.tally = self.tally.to_dict(), Tally()
        return counts

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Add what `take_counts` gave."""
        self.tally.merge(Tally.from_dict(counts))

    def sections(self) -> Sequence[Section]:
        """Tables for the audit page."""
        return sections(self.tally, self.statistics(), self.reasons)

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    # ------------------------------------------------------------ asking
    async def _answer(self, statements: Iterable[Statement]) -> None:
        times: Counter[str] = Counter()
        new: dict[str, Statement] = {}
        for statement in statements:
            times[statement.identity] += 1
            if statement.identity not in self._answers:
                new.setdefault(statement.identity, statement)
        if new:
            await self._ask(new)
        for identity, count in times.items():
            self.tally.add(self._answers[identity], count, identity, self.targets)

    async def _ask(self, new: Mapping[str, Statement]) -> None:
        async with Chat(self.endpoint, dialect=self._dialect) as chat:
            asker = Asker(chat, self.journal, ask_again=self.ask_again)

            async def work(identity: str) -> Answered:
                return await self._find(asker, new[identity])

            try:
                total = len(new)
                found = await in_parallel(
                    new, work, self.endpoint.in_flight, lambda done: self.progress(done, total)
                )
            finally:
                self._dialect = chat.known_dialect
                self.counts.update(chat.counts)
                self.counts.update(
                    {f"{step}: {what}": n for (step, what), n in asker.counts.items()}
                )
        self._answers.update(found)

    async def _find(self, asker: Asker, statement: Statement) -> Answered:
        text = statement.asked
        if len(text) > LONGEST:
            return Answered(outcome="too long")
        if speaks_to_a_model(text):
            return Answered(outcome="withheld")
        check = TextCheck(text, self.vocabulary, self.rules)
        try:
            found = await self.procedure.find(asker, text, statement.identity, check.objection)
        except NoAnswer as error:
            return Answered(outcome=error.outcome)
        named = tuple(replace(named, rules=check.said(named.name)) for named in found.named)
        return replace(found, named=named)

    # ------------------------------------------------------------ results
    def _assembled(self, text: str, statements: Sequence[Statement]) -> Extraction:
        known = self._extractions.get(text)
        if known is None:
            known = self._extractions[text] = self._assemble(text, statements)
        return known

    def _assemble(self, text: str, statements: Sequence[Statement]) -> Extraction:
        parts = [self._read(text[s.start : s.end], s) for s in statements]
        mentions = [m for part in parts for m in part.mentions]
        ordered = tuple(sorted(dict.fromkeys(mentions), key=lambda m: (m.start, m.end, m.name)))
        qualifiers = tuple(span for part in parts for span in part.qualifier_spans)
        silent = tuple(span for part in parts for span in part.non_finding_spans)
        covered = [*((m.start, m.end) for m in ordered), *qualifiers, *silent]
        languages = Counter(part.language for part in parts) or Counter(["en"])
        language = languages.most_common(1)[0][0]
        return Extraction(text, ordered, qualifiers, silent, rest_of(text, covered), language)

    def _read(self, part: str, statement: Statement) -> Extraction:
        """One statement, with places in the whole text; what is no finding is the rules' word.

        Where the model gave no answer, what the rules read may be there: it is uncertain.
        """
        outcome = self._answers[statement.identity].outcome
        if outcome == "too long":
            return Extraction(part)
        read = self.rules([part])[0]
        qualifiers = {(m.name, m.start): m.qualifiers for m in read.mentions}
        place = statement.start
        mentions = []
        if outcome not in ("answered", "withheld"):
            mentions = [
                replace(m, assertion="uncertain", start=place + m.start, end=place + m.end)
                for m in read.mentions
                if m.assertion != "absent"
            ]
        for name, said, (start, end) in self._located(part, statement.identity):
            target = self.targets(name)
            if target is not None:
                extra = qualifiers.get((target, start), ())
                mentions.append(Mention(target, said, place + start, place + end, extra))
        return Extraction(
            part,
            tuple(mentions),
            tuple((place + a, place + b) for a, b in read.qualifier_spans),
            tuple((place + a, place + b) for a, b in read.non_finding_spans),
            language=read.language,
        )

    def _located(self, part: str, identity: str) -> tuple[Located, ...]:
        """Names found in a statement and their places in it; repeats are looked up."""
        known = self._places.get(part)
        if known is None:
            named = self._answers[identity].named
            check = TextCheck(part, self.vocabulary, self.rules) if named else None
            known = tuple(
                (n.name, n.assertion, check.find(n.name) or check.everything)
                for n in named
                if check is not None
            )
            self._places[part] = known
            _forget(self._places)
        return known


def _forget(remembered: dict[str, Any]) -> None:
    """Drop what was remembered first until memory is bounded."""
    while len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]


def procedure_named(name: str, prompts: Path | None = None) -> KMERL | SuPreME:
    """The procedure of a paper, by name."""
    if name == "kmerl":
        return KMERL(prompts)
    if name == "supreme":
        return SuPreME(prompts)
    raise CardiolexError(f"procedure {name!r}: choose kmerl or supreme")
