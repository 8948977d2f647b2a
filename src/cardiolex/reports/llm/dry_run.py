"""What a run will cost before it is started: calls and tokens, per step.

Tokens are counted from the journal where it holds answers of the same model and step (their mean
is taken); otherwise they are estimated as one token per four characters of prompt and text, which
is the rule of thumb for English, and `_ANSWER` tokens an answer. How many findings of a statement
are to be verified is unknown before it is asked about: as many are assumed as the rules find.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cardiolex.reports.llm.answers import Entities, read_answer
from cardiolex.reports.llm.asking import identity, outcome
from cardiolex.reports.llm.checks import TextCheck, rules_for
from cardiolex.reports.llm.endpoint import Endpoint
from cardiolex.reports.llm.found import unique_names
from cardiolex.reports.llm.journal import Entry, Journal, Question
from cardiolex.reports.llm.kmerl import KMERL, verdict_key
from cardiolex.reports.llm.prompt import Prompt
from cardiolex.reports.llm.statements import LONGEST, Statement, speaks_to_a_model, statements_of
from cardiolex.reports.llm.supreme import SuPreME
from cardiolex.reports.vocabulary import Vocabulary

CHARACTERS_PER_TOKEN = 4.0
_ANSWER = {"kmerl/extract": 25.0, "kmerl/verify": 8.0, "supreme/extract": 60.0}


@dataclass(frozen=True)
class StepCost:
    """Calls of one step, in the journal and to be made, and the tokens of the latter."""

    step: str
    from_journal: int
    calls: int
    prompt_tokens: int
    answer_tokens: int
    measured: bool


@dataclass(frozen=True)
class Cost:
    """What texts will cost; `withheld` statements are not sent (too long, or to a model)."""

    texts: int
    statements: int
    distinct: int
    withheld: int
    steps: tuple[StepCost, ...]

    @property
    def calls(self) -> int:
        """Requests to be made, if every first answer is valid."""
        return sum(step.calls for step in self.steps)

    def lines(self) -> list[str]:
        """The cost for a person to read."""
        saved = 1 - self.distinct / self.statements if self.statements else 0.0
        lines = [
            f"{self.texts} texts, {self.statements} statements, {self.distinct} distinct "
            f"({saved:.1%} of the questions saved), {self.withheld} withheld"
        ]
        for s in self.steps:
            how = "by the journal's means" if s.measured else "estimated"
            lines.append(
                f"{s.step}: {s.from_journal} in the journal, {s.calls} to ask, "
                f"{s.prompt_tokens} tokens in, {s.answer_tokens} out ({how})"
            )
        return lines


def cost(
    texts: Iterable[str],
    procedure: KMERL | SuPreME,
    endpoint: Endpoint,
    journal: Journal,
    *,
    vocabulary: Vocabulary | None = None,
    whole_reports: bool = False,
) -> Cost:
    """Count calls and tokens for `texts` without asking anything."""
    distinct: dict[str, Statement] = {}
    read = total = 0
    for text in texts:
        read += 1
        for statement in statements_of(text, whole=whole_reports):
            total += 1
            distinct.setdefault(statement.identity, statement)
    asked = [s for s in distinct.values() if _is_asked(s.asked)]
    counter = _Counter(identity(endpoint.model, endpoint.temperature), journal)
    counter.step(procedure.extract, [(s.identity, len(s.asked)) for s in asked])
    if isinstance(procedure, KMERL):
        known = vocabulary or Vocabulary.load()
        counter.verifications(procedure, asked, known)
    return Cost(read, total, len(distinct), len(distinct) - len(asked), tuple(counter.steps))


def _valid(entries: Sequence[Entry]) -> str:
    return next(entry.content for entry in reversed(entries) if entry.status == "valid")


def _is_asked(text: str) -> bool:
    return len(text) <= LONGEST and not speaks_to_a_model(text)


class _Counter:
    def __init__(self, model: str, journal: Journal) -> None:
        self.model = model
        self.journal = journal
        self.steps: list[StepCost] = []

    def entries(self, prompt: Prompt[Any], key: str) -> list[Entry]:
        return self.journal.entries(Question(self.model, prompt.step, prompt.version, key))

    def step(
        self,
        prompt: Prompt[Any],
        questions: Sequence[tuple[str, int]],
        unknown: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Add the cost of questions (key, characters), and of `unknown` (calls, characters)."""
        left = [n for key, n in questions if outcome(self.entries(prompt, key)) is None]
        calls = len(left) + unknown[0]
        seen, mean_in, mean_out = self.journal.usage(self.model, prompt.step)
        if seen == 0:
            fixed = len(prompt.system) + len(prompt.user)
            mean_out = _ANSWER.get(prompt.step, 40.0)
            characters = sum(left) + unknown[1] + calls * fixed
            tokens_in = characters / CHARACTERS_PER_TOKEN
        else:
            tokens_in = calls * mean_in
        self.steps.append(
            StepCost(
                prompt.step,
                len(questions) - len(left),
                round(calls),
                round(tokens_in),
                round(calls * mean_out),
                seen > 0,
            )
        )

    def verifications(
        self, procedure: KMERL, statements: Sequence[Statement], vocabulary: Vocabulary
    ) -> None:
        questions: list[tuple[str, int]] = []
        rules = rules_for(vocabulary)
        open_statements = [0.0, 0.0]
        for statement in statements:
            entries = self.entries(procedure.extract, statement.identity)
            settled = outcome(entries)
            if settled is None:
                findings = len(rules.extract(statement.asked).mentions)
                open_statements[0] += findings
                open_statements[1] += findings * (len(statement.asked) + 25)
            elif settled == "answered":
                check = TextCheck(statement.asked, vocabulary, rules)
                names = unique_names(read_answer(_valid(entries), Entities).entities)
                questions += [
                    (verdict_key(statement.identity, name), len(statement.asked) + len(name))
                    for name in names
                    if check.objection(name) is None
                ]
        self.step(procedure.verify, questions, (open_statements[0], open_statements[1]))
