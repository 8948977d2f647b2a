"""A text cut into the statements that are asked about, with their places."""

import re
from dataclasses import dataclass

from cardiolex.reports.clean import clean, report_text, split_sentences
from cardiolex.reports.entities_found import Span

LONGEST = 4000  # characters of one statement; no cart and no physician writes more in a sentence

_TO_A_MODEL = re.compile(
    r"\b(ignor\w*|disregard|forget|override|bypass)\b.{0,40}\b(instruction|prompt|rule|above|"
    r"previous|prior|everything|guideline)"
    r"|\b(system|developer|assistant|user)\s*(prompt|message|:)"
    r"|\byou are (now |an? )?(\w+ ){0,3}(assistant|ai|model|chatbot|llm|bot)\b"
    r"|\b(respond|reply|answer|output|return|print|say)\b.{0,30}\b(with|only|json|exactly|yes|no)\b"
    r"|\b(language model|chatgpt|llm|jailbreak|prompt injection)\b"
    r"|<\|?/?(im_start|im_end|system|assistant|user|endoftext)\|?>|\[/?INST\]|\{\s*\"entities\""
    r"|\"?\b(entities|answer|is_ecg_term)\"?\s*[:=]\s*[\[\"{]",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Statement:
    """A part of a text: its place, and the clean words that are sent."""

    start: int
    end: int
    asked: str

    @property
    def identity(self) -> str:
        """What equal statements have in common, whatever their capitals."""
        return self.asked.casefold()


def statements_of(text: str, *, whole: bool = False) -> list[Statement]:
    """The statements of a text; `whole` keeps a report in one piece, as the papers ask it."""
    if whole:
        cut = [Statement(0, len(text), report_text(text))]
    else:
        cut = [Statement(start, end, clean(text[start:end])) for start, end in spans_of(text)]
    return [statement for statement in cut if any(c.isalnum() for c in statement.asked)]


def spans_of(text: str) -> list[Span]:
    """Places of the sentences of a text, as they stand."""
    spans: list[Span] = []
    position = 0
    for part in split_sentences(text):
        start = text.index(part, position)
        position = start + len(part)
        spans.append((start, position))
    return spans


def speaks_to_a_model(text: str) -> bool:
    """Whether a statement addresses whoever processes it instead of describing an ECG.

    Such a statement is not sent. The patterns know the usual attempts only; what protects against
    the rest is that statements are asked apart and that answers must be found in their text.
    """
    return _TO_A_MODEL.search(text) is not None
