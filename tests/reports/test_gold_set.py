"""The annotated gold set: its form, its spans, its names and its two halves."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cardiolex.reports import Vocabulary

GOLD = Path(__file__).parents[1] / "data" / "gold"
FILES = [GOLD / f"{name}.jsonl" for name in ("mimic_en", "ptbxl_de", "ptbxl_en", "ptbxl_sv")]
KEYS = {"id", "source", "language", "text", "split", "entities"}
OPTIONAL = {"non_findings", "qualifier_spans"}


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def gold() -> tuple[dict[str, Any], ...]:
    return tuple(record for path in FILES for record in read(path))


@cache
def names() -> frozenset[str]:
    return frozenset(Vocabulary.load().names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_records_have_the_documented_form(path: Path) -> None:
    for record in read(path):
        assert set(record) >= KEYS and set(record) <= KEYS | OPTIONAL, record["id"]
        assert f"{record['source']}_{record['language']}" == path.stem, record["id"]
        assert record["split"] in {"dev", "test"}, record["id"]
        for entity in record["entities"]:
            assert set(entity) == {"name", "assertion", "start", "end", "qualifiers"}
            assert entity["assertion"] in {"present", "absent", "uncertain"}
            assert all(isinstance(word, str) and word for word in entity["qualifiers"])


@cache
def further() -> tuple[dict[str, Any], ...]:
    """The later development texts, which belong to neither half."""
    return tuple(read(GOLD / "dev2.jsonl"))


def test_spans_cover_whole_words_of_the_text() -> None:
    for record in (*gold(), *further()):
        text = record["text"]
        spans = [(entity["start"], entity["end"]) for entity in record["entities"]]
        spans += [tuple(span) for key in OPTIONAL for span in record.get(key, [])]
        for start, end in spans:
            mention = text[start:end]
            assert 0 <= start < end <= len(text), record["id"]
            assert mention == mention.strip(), (record["id"], mention)


def test_findings_lie_outside_the_spans_that_state_none() -> None:
    for record in gold():
        for entity in record["entities"]:
            for start, end in record.get("non_findings", []) + record.get("qualifier_spans", []):
                assert entity["end"] <= start or entity["start"] >= end, record["id"]


def test_every_record_says_something() -> None:
    silent = [r["id"] for r in (*gold(), *further()) if not r["entities"] and not OPTIONAL & set(r)]
    assert silent == []


def test_names_are_the_vocabulary_s() -> None:
    used = [entity["name"] for record in (*gold(), *further()) for entity in record["entities"]]
    unknown = Counter(name for name in used if name not in names())
    assert not unknown


def test_no_text_stands_in_both_halves() -> None:
    def folded(record: dict[str, Any]) -> str:
        return "".join(c for c in record["text"].lower().split("4.46")[0] if c.isalnum())

    dev = {folded(record) for record in gold() if record["split"] == "dev"}
    test = {folded(record) for record in gold() if record["split"] == "test"}
    assert dev.isdisjoint(test)
    assert {folded(record) for record in further()}.isdisjoint(dev | test)
    assert len({record["id"] for record in gold()}) == len(gold())


def test_the_later_texts_stand_in_no_other_set() -> None:
    def folded(record: dict[str, Any]) -> str:
        return "".join(c for c in record["text"].lower().split("4.46")[0] if c.isalnum())

    final, later = read(GOLD / "final.jsonl"), read(GOLD / "dev4.jsonl")
    earlier = {folded(record) for record in (*gold(), *further())}
    assert len({folded(record) for record in final}) == len(final)
    assert {folded(record) for record in final}.isdisjoint(earlier)
    assert {folded(record) for record in later}.isdisjoint(
        earlier | {folded(record) for record in final}
    )
    blind, written = read(GOLD / "blind.jsonl"), read(GOLD / "dev5.jsonl")
    drawn = {folded(record) for record in (*final, *later)} | earlier
    assert {folded(record) for record in blind}.isdisjoint(drawn)
    assert {folded(record) for record in written}.isdisjoint(drawn | {folded(r) for r in blind})
    assert len({record["id"] for record in (*blind, *written)}) == len(blind) + len(written)
    for record in (*final, *later, *blind, *written):
        for name, assertion in record["mentions"]:
            assert name in names() and assertion in {"present", "absent", "uncertain"}, record["id"]


def test_every_disagreement_is_decided() -> None:
    """The adjudicated half follows the recorded decision wherever the two annotators differ."""
    with (GOLD / "adjudication.csv").open(encoding="utf-8", newline="") as handle:
        rows = {row["id"]: row for row in csv.DictReader(handle)}
    second = {record["id"]: record["mentions"] for record in read(GOLD / "second_annotation.jsonl")}
    test = {record["id"]: record for record in gold() if record["split"] == "test"}
    assert set(second) == set(test)
    for key, record in test.items():
        settled = {(e["name"], e["assertion"]) for e in record["entities"]}
        differs = settled != {(name, assertion) for name, assertion in second[key]}
        if differs:
            assert rows[key]["decision"] in {"first", "both"}, key
    assert all(row["reason"] and row["first"] != row["second"] for row in rows.values())


def test_both_halves_hold_every_language_and_assertion() -> None:
    sizes = Counter((r["source"], r["language"]) for r in gold())
    assert sizes["mimic", "en"] >= 320
    assert sizes["ptbxl", "de"] >= 110
    assert sizes["ptbxl", "en"] >= 60
    assert sizes["ptbxl", "sv"] >= 40
    for split in ("dev", "test"):
        half = [record for record in gold() if record["split"] == split]
        assert abs(len(half) - len(gold()) / 2) <= 4
        assertions = Counter(entity["assertion"] for r in half for entity in r["entities"])
        assert assertions["absent"] >= 20
        assert assertions["uncertain"] >= 60
        assert {r["language"] for r in half} == {"en", "de", "sv"}
