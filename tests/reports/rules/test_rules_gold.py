"""The rules against the annotated gold set: entity and assertion, micro-F1, on the test half."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cardiolex.reports import Rules, Vocabulary
from cardiolex.reports.extract import bundled_rules

GOLD = Path(__file__).parents[2] / "data" / "gold"
FILES = ("mimic_en", "ptbxl_de", "ptbxl_en", "ptbxl_sv")
FURTHER = ("dev2", "dev4")
ASSERTIONS = ("present", "absent", "uncertain")
Pair = tuple[str, str]


@cache
def rules() -> Rules:
    return bundled_rules()


def quality(vocabulary: Vocabulary) -> set[str]:
    """Names of recording quality, which the gold set leaves out; swapped electrodes it keeps."""
    names = {n for n in vocabulary.names if "technical problem" in vocabulary.ancestors(n)}
    return (names | {"technical problem"}) - {"limb lead reversal", "precordial lead reversal"}


def annotated(record: dict[str, Any]) -> set[Pair]:
    """The (name, assertion) pairs of a record; later files hold them without spans."""
    if "mentions" in record:
        return {(name, assertion) for name, assertion in record["mentions"]}
    return {(e["name"], e["assertion"]) for e in record["entities"]}


@cache
def counts(*splits: str, files: tuple[str, ...] = FILES) -> dict[tuple[str, str], Counter[str]]:
    """(file, assertion) -> how many pairs were hit, missed, made up."""
    found: dict[tuple[str, str], Counter[str]] = {}
    left_out = quality(rules().vocabulary)
    for file in files:
        for line in (GOLD / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["split"] not in splits:
                continue
            truth = annotated(record)
            ours = {(m.name, m.assertion) for m in rules().extract(record["text"]).mentions}
            for name, assertion in truth | ours:
                if name not in left_out:
                    kind = (
                        "hit"
                        if (name, assertion) in truth & ours
                        else ("missed" if (name, assertion) in truth else "made up")
                    )
                    found.setdefault((file, assertion), Counter())[kind] += 1
    return found


def f1(parts: list[Counter[str]]) -> float:
    total = sum(parts, Counter())
    return 2 * total["hit"] / (2 * total["hit"] + total["missed"] + total["made up"])


@pytest.mark.parametrize(
    ("language", "least"),
    [("en", 0.955), ("de", 0.955), ("sv", 0.955), ("mimic_en", 0.95)],
)
def test_the_test_half_in_every_language(language: str, least: float) -> None:
    """The aim is 0.95. Half of these texts were drawn for rare wording; failing ones were read."""
    parts = [c for (file, _), c in counts("test").items() if file.endswith(language)]
    assert sum(part["hit"] + part["missed"] for part in parts) > 100
    assert f1(parts) >= least


@pytest.mark.parametrize(
    ("assertion", "least"), [("present", 0.96), ("absent", 0.92), ("uncertain", 0.95)]
)
def test_the_test_half_in_every_assertion(assertion: str, least: float) -> None:
    parts = [c for (_, said), c in counts("test").items() if said == assertion]
    assert sum(part["hit"] + part["missed"] for part in parts) >= 37
    assert f1(parts) >= least


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_the_half_the_rules_were_made_with(assertion: str) -> None:
    assert f1([c for (_, said), c in counts("dev").items() if said == assertion]) >= 0.98


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_the_further_development_texts(assertion: str) -> None:
    parts = counts("dev2", "dev3", "dev4", files=FURTHER)
    assert sum(part["hit"] + part["missed"] for part in parts.values()) > 1000
    assert f1([c for (_, said), c in parts.items() if said == assertion]) >= 0.97


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_the_texts_written_for_denials_and_hedges(assertion: str) -> None:
    parts = [
        c for (_, said), c in counts("dev5", "held", files=("dev5",)).items() if said == assertion
    ]
    assert sum(part["hit"] + part["missed"] for part in parts) > 200
    assert f1(parts) >= 0.955


def test_the_blind_texts() -> None:
    """Annotated before the extractor was run on them; no rule was changed for them."""
    assert f1(list(counts("blind", files=("blind",)).values())) >= 0.975


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_the_texts_of_a_second_annotator(assertion: str) -> None:
    """Two samples, scored once each before their failures were read (figures: docs/reports.md)."""
    parts = counts("unseenA", "unseenB", files=("unseen_a", "unseen_b"))
    assert sum(part["hit"] + part["missed"] for part in parts.values()) > 1700
    assert f1([c for (_, said), c in parts.items() if said == assertion]) >= 0.965


def final(language: str = "", assertion: str = "") -> float:
    found: list[Counter[str]] = []
    left_out = quality(rules().vocabulary)
    for line in (GOLD / "final.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        ours = {(m.name, m.assertion) for m in rules().extract(record["text"]).mentions}
        for pair in annotated(record) | ours:
            fits = record["language"].startswith(language) and pair[1].startswith(assertion)
            if fits and pair[0] not in left_out:
                hit = pair in annotated(record) and pair in ours
                missed = pair in annotated(record)
                found.append(Counter(["hit" if hit else "missed" if missed else "made up"]))
    assert found
    return f1(found)


@pytest.mark.parametrize("language", ["en", "de", "sv"])
def test_the_final_texts_in_every_language(language: str) -> None:
    assert final(language=language) >= 0.95


@pytest.mark.parametrize(
    ("assertion", "least"), [("present", 0.97), ("uncertain", 0.95), ("absent", 0.94)]
)
def test_the_final_texts_in_every_assertion(assertion: str, least: float) -> None:
    assert final(assertion=assertion) >= least


def test_what_is_stated_is_rarely_taken_for_denied_or_the_other_way_round() -> None:
    left_out = quality(rules().vocabulary)
    flipped = total = 0
    for file in FILES:
        for line in (GOLD / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            ours = {m.name: m.assertion for m in rules().extract(record["text"]).mentions}
            for entity in record["entities"]:
                name, said = entity["name"], entity["assertion"]
                if record["split"] != "test" or name in left_out or name not in ours:
                    continue
                total += 1
                flipped += {said, ours[name]} == {"present", "absent"}
    assert total > 700
    assert flipped <= 0.01 * total
