"""The report texts shipped with the package (licences in `texts/README.md`)."""

from functools import lru_cache
from pathlib import Path

from cardiolex.reports.clean import clean
from cardiolex.reports.vocabulary import Vocabulary

TEXTS = Path(__file__).with_name("texts")
MIMIC_STATEMENTS = TEXTS / "mimic_iv_ecg_statements.txt"
PTBXL_SENTENCES = TEXTS / "ptbxl_sentences.txt"


@lru_cache(maxsize=4)
def lines(path: Path) -> tuple[str, ...]:
    """The lines of a text file, as they stand, without empty ones."""
    return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def training_sentences(vocabulary: Vocabulary) -> list[str]:
    """Distinct clean sentences for a language model: MIMIC, PTB-XL and every wording we know."""
    shipped = [clean(line) for path in (MIMIC_STATEMENTS, PTBXL_SENTENCES) for line in lines(path)]
    wordings = [wording for entity in vocabulary.entities for wording in entity.wordings]
    return list(dict.fromkeys(text.lower() for text in (*shipped, *wordings) if text))
