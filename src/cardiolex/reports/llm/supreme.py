"""SuPreME's extraction (arXiv 2502.19668, section "entity pipeline"): entities with certainty.

One call a report: all entities, and the same divided into normal, abnormal and uncertain. Findings
both certain and uncertain, or in none of the lists, count as uncertain. The paper drops uncertain
entities; here they are kept as such, so that the loss can ignore them. Deduplication (cosine above
0.8) and mapping to standard terms (above 0.75) are in `reports.building`.
"""

from collections.abc import Sequence
from pathlib import Path

from cardiolex.reports.llm.answers import Certainty, Term
from cardiolex.reports.llm.asking import Asker
from cardiolex.reports.llm.bounded import in_parallel
from cardiolex.reports.llm.failures import NoAnswer
from cardiolex.reports.llm.found import Answered, Named, Objection, sift, unique_names
from cardiolex.reports.llm.prompt import load_prompt


class SuPreME:
    """The calls of SuPreME; `prompts` is a folder with other wordings of them."""

    name = "supreme"

    def __init__(self, prompts: Path | None = None) -> None:
        self.extract = load_prompt("supreme/extract", Certainty, prompts)
        self.term = load_prompt("supreme/term", Term, prompts)

    @property
    def version(self) -> str:
        """Version of the prompt that decides what is found."""
        return self.extract.version

    async def find(self, asker: Asker, text: str, identity: str, objection: Objection) -> Answered:
        """Entities of one statement or report with their certainty."""
        answer = await asker.ask(self.extract, {"report": text}, identity)
        certain = set(unique_names([*answer.normal, *answer.abnormal]))
        uncertain = set(unique_names(answer.uncertain))
        names = unique_names(
            [*answer.entities, *answer.normal, *answer.abnormal, *answer.uncertain]
        )
        kept, rejected = sift(names, objection)
        sure = certain - uncertain
        named = (Named(name, "present" if name in sure else "uncertain") for name in kept)
        return Answered(tuple(named), tuple(rejected))

    async def ecg_terms(self, asker: Asker, terms: Sequence[str]) -> dict[str, bool | None]:
        """The filter of terms: whether each one is an ECG term; None where there is no answer."""

        async def judge(term: str) -> bool | None:
            try:
                return (await asker.ask(self.term, {"term": term}, term)).is_ecg_term
            except NoAnswer:
                return None

        return await in_parallel(dict.fromkeys(terms), judge, asker.chat.endpoint.in_flight)
