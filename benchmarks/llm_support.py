"""How often the texts of the gold set support what they state, and what they do not state.

    python benchmarks/llm_support.py

Test half only. "Own words": the words that a person marked. "Name": the vocabulary's name of the
finding, as a language model would give it. "Others": all names that the text does not state.
"""

import json
from pathlib import Path

from cardiolex.reports import Vocabulary
from cardiolex.reports.building import Guard
from cardiolex.reports.llm.checks import TextCheck, rules_for

GOLD = Path(__file__).resolve().parents[1] / "tests" / "data" / "gold"


def measure(path: Path, vocabulary: Vocabulary) -> str:
    own = named = denied = mentions = others = wrong = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] != "test":
            continue
        check = TextCheck(row["text"], vocabulary, rules_for(vocabulary))
        stated = {entity["name"] for entity in row["entities"]}
        stated = stated | {a for name in stated for a in vocabulary.ancestors(name)}
        for entity in row["entities"]:
            mentions += 1
            own += check.find(row["text"][entity["start"] : entity["end"]]) is not None
            named += check.find(entity["name"]) is not None
            is_denied = check.objection(entity["name"]) == "denied by the text"
            denied += is_denied and entity["assertion"] != "absent"
        rest = [name for name in vocabulary.names if name not in stated]
        others += len(rest)
        wrong += sum(check.objection(name) is None for name in rest)
    return (
        f"{path.stem}: {mentions} mentions, own words {own / mentions:.1%}, "
        f"name {named / mentions:.1%}, wrongly denied {denied}; others {wrong / others:.2%}"
    )


def guarded(vocabulary: Vocabulary) -> str:
    guard = Guard(vocabulary)
    guard._entities = lambda a, b: None  # type: ignore[method-assign]
    pairs = {tuple(sorted((e.name, other))) for e in vocabulary.entities for other in e.never_merge}
    free = sorted(pair for pair in pairs if guard.compare(*pair).relation == "free")
    return f"guards by words alone separate {len(pairs) - len(free)} of {len(pairs)}; not: {free}"


if __name__ == "__main__":
    words = Vocabulary.load()
    for name in ("mimic_en", "ptbxl_en", "ptbxl_de", "ptbxl_sv"):
        print(measure(GOLD / f"{name}.jsonl", words))
    print(guarded(words))
