import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.reports.vocabulary import Vocabulary

BENCHMARK_CLASSES = """
normal ecg; atrial fibrillation; first degree av block; left bundle branch block;
right bundle branch block; premature atrial complex; premature ventricular complex; st depression;
st elevation; sinus rhythm; sinus bradycardia; sinus tachycardia; sinus arrhythmia;
left axis deviation; complete right bundle branch block; incomplete right bundle branch block;
complete left bundle branch block; left anterior fascicular block; left ventricular hypertrophy;
left atrial enlargement; paced rhythm; myocardial ischemia or infarction;
non-specific repolarization abnormalities; atrial flutter; inferior myocardial infarction;
anteroseptal myocardial infarction; myocardial ischemia; non-diagnostic t wave abnormalities;
non-specific st changes; non-specific t wave changes; low amplitude t wave; abnormal qrs morphology;
voltage criteria for left ventricular hypertrophy; abnormal q wave; t wave inversion;
intraventricular conduction delay; anterior myocardial infarction; myocardial infarction;
st-t changes; conduction disturbance; hypertrophy
"""
KNOWN = {
    "LBBB": "left bundle branch block",
    "Left bundle-branch block": "left bundle branch block",
    "blocked left bundle": "left bundle branch block",
    "Linksschenkelblock": "left bundle branch block",
    "vänstergrenblock": "left bundle branch block",
    "AFIB": "atrial fibrillation",
    "Vorhofflimmern": "atrial fibrillation",
    "Förmaksflimmer": "atrial fibrillation",
    "1st degree A-V block": "first degree av block",
    "AV-Block I. Grades": "first degree av block",
    "Wenckebach (Mobitz I) 2nd degree A-V block": "second degree av block type i",
    "Inferior infarct": "inferior myocardial infarction",
    "Old inferior infarct": "old inferior myocardial infarction",
    "Nonspecific ST-T abnormality": "non-specific repolarization abnormalities",
    "Ischaemia, lateral leads": "lateral ischemia",
    "PVC(s)": "premature ventricular complex",
    "VPB": "premature ventricular complex",
    "axis left shift": "left axis deviation",
    "T wave opposite": "t wave inversion",
    "QTc prolonged": "long qt interval",
    "suspect arm ecg leads reversed": "limb lead reversal",
    "A-paced rhythm": "atrial paced rhythm",
}
NO_NAME = [
    "no atrial fibrillation",
    "probable LVH",
    "",
    "   ",
    "blood pressure",
    "left",
    "\x00",
    "?",
]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


def tiny(**fields: object) -> Vocabulary:
    rows = [
        {"name": "block"},
        {"name": "left block", "is_a": ["block"], "synonyms": ["sinister (block|stop)"]},
        {"name": "right block", "is_a": ["block"], "abbreviations": ["RB"]},
        {"name": "both", "is_a": ["left block", "right block"]},
        {"name": "other"},
    ]
    return Vocabulary.from_dict({"version": "1", "entity": rows, **fields})


def test_size_and_version(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) >= 250
    assert len(vocabulary.superclasses) >= 25
    assert vocabulary.version
    assert len(set(vocabulary.names)) == len(vocabulary)


def test_every_benchmark_class_is_a_canonical_name(vocabulary: Vocabulary) -> None:
    classes = [name.strip() for name in BENCHMARK_CLASSES.replace("\n", " ").split(";")]
    assert [name for name in classes if name not in vocabulary] == []


def test_every_wording_resolves_to_its_entity(vocabulary: Vocabulary) -> None:
    wrong = [
        (wording, entity.name, vocabulary.resolve(wording))
        for entity in vocabulary.entities
        for wording in entity.wordings
        if vocabulary.resolve(wording) != entity.name
    ]
    assert wrong == []


@pytest.mark.parametrize(("text", "name"), KNOWN.items())
def test_known_wordings(vocabulary: Vocabulary, text: str, name: str) -> None:
    assert vocabulary.resolve(text) == name


@pytest.mark.parametrize("text", NO_NAME)
def test_what_is_no_name_resolves_to_nothing(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.resolve(text) is None


def test_opposites_never_merge(vocabulary: Vocabulary) -> None:
    for a, b in [
        ("LBBB", "right bundle branch block"),
        ("low amplitude t wave", "high t wave amplitude"),
        ("second degree av block", "third degree av block"),
        ("complete lbbb", "incomplete lbbb"),
        ("myocardial ischemia", "myocardial infarction"),
        ("anterior infarct", "inferior infarct"),
        ("left something unheard of", "right something unheard of"),
        ("st elevation of a rare kind", "st depression of a rare kind"),
        ("sinus tachycardia", "sinus bradycardia"),
    ]:
        assert not vocabulary.may_merge(a, b), (a, b)
        assert not vocabulary.may_merge(b, a), (b, a)
    assert vocabulary.may_merge("LBBB", "left bundle branch blockade")
    assert vocabulary.may_merge("left something unheard of", "something unheard of, left")


def test_never_merge_is_never_a_synonym_and_symmetric(vocabulary: Vocabulary) -> None:
    for entity in vocabulary.entities:
        for other in entity.never_merge:
            assert entity.name in vocabulary.opposites(other)
            assert vocabulary.resolve(other) != entity.name


def test_closure_climbs_all_levels(vocabulary: Vocabulary) -> None:
    closure = vocabulary.closure(["complete left bundle branch block"])
    assert {
        "complete left bundle branch block",
        "left bundle branch block",
        "bundle branch block",
        "conduction disturbance",
        "abnormal ecg",
    } <= closure
    assert "right bundle branch block" not in closure


def test_superclasses_follow_ptbxl_diagnostic_classes(vocabulary: Vocabulary) -> None:
    members = {
        "hypertrophy": "LVH RVH LAO/LAE RAO/RAE SEHYP",
        "conduction disturbance": "1AVB 2AVB 3AVB CLBBB CRBBB ILBBB IRBBB LAFB LPFB IVCD WPW",
        "myocardial infarction": "AMI ASMI ALMI IMI ILMI IPMI IPLMI LMI PMI",
        "st-t changes": "NDT NST_ DIG LNGQT ISC_ ISCAL ISCIN ISCIL ISCAS ISCLA ISCAN ANEUR EL",
    }
    for superclass, codes in members.items():
        for code in codes.split():
            names = vocabulary.from_code("scp", code)
            assert len(names) == 1, code
            assert superclass in vocabulary.ancestors(names[0]), (code, superclass)
    assert "hypertrophy" not in vocabulary.ancestors(
        "voltage criteria for left ventricular hypertrophy"
    )


def test_normal_variants_do_not_make_an_ecg_abnormal(vocabulary: Vocabulary) -> None:
    for name in ("sinus rhythm", "sinus bradycardia", "early repolarization", "normal axis"):
        assert "abnormal ecg" not in vocabulary.ancestors(name)


def test_label_vector_logic() -> None:
    v = tiny()

    def labels(*args: object, **kwargs: object) -> dict[str, float]:
        vector = v.label_vector(*args, **kwargs)  # type: ignore[arg-type]
        return dict(zip(v.names, vector.tolist(), strict=True))

    assert labels(["left block"]) == {
        "block": 1, "left block": 1, "right block": 0, "both": 0, "other": 0
    }  # fmt: skip
    unsure = labels([], ["left block"])
    assert np.isnan(unsure["left block"]) and np.isnan(unsure["block"])
    assert unsure["right block"] == 0 and unsure["other"] == 0
    mixed = labels(["right block"], ["left block"])
    assert mixed["block"] == 1 and np.isnan(mixed["left block"]) and mixed["right block"] == 1
    both = labels(["both"], ["both"])
    assert both["both"] == both["left block"] == both["block"] == 1
    judged = labels(["left block"], judged=["left block"])
    assert judged["left block"] == judged["block"] == 1
    assert np.isnan(judged["right block"]) and np.isnan(judged["other"])
    assert v.label_vector([]).dtype == np.float32


def test_label_vector_refuses_unknown_names_and_proposes_near_ones(vocabulary: Vocabulary) -> None:
    with pytest.raises(CardiolexError, match="atrial fibrillation"):
        vocabulary.label_vector(["atrial fibrilation"])


@pytest.mark.parametrize("suffix", [".json", ".toml"])
def test_round_trip_keeps_everything(vocabulary: Vocabulary, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"v{suffix}"
    vocabulary.save(path)
    again = Vocabulary.load(path)
    assert again.names == vocabulary.names
    assert again.fingerprint == vocabulary.fingerprint
    assert again.resolve("LBBB") == "left bundle branch block"


def test_fingerprint_sees_any_change() -> None:
    content = tiny().to_dict()
    prints = {tiny().fingerprint}
    for change in (
        {"version": "2"},
        {"entity": content["entity"][::-1]},
        {"expansions": {"a": "b"}},
        {"entity": [*content["entity"], {"name": "new"}]},
    ):
        prints.add(Vocabulary.from_dict({**content, **change}).fingerprint)
    assert len(prints) == 5


BAD = [
    ([{"name": "a"}, {"name": "a"}], "twice"),
    ([{"name": "a", "is_a": ["b"]}], "'b', which is no entity"),
    ([{"name": "a", "is_a": ["b"]}, {"name": "b", "is_a": ["a"]}], "circle"),
    ([{"name": "a", "is_a": ["a"]}], "own is_a"),
    ([{"name": "a", "synonyms": ["x y"]}, {"name": "b", "synonyms": ["X-Y"]}], "both 'a' and 'b'"),
    ([{"name": "a", "synonym": ["x"]}], "unknown field 'synonym'"),
    ([{"name": "a", "synonyms": "x"}], "list of non-empty texts"),
    ([{"name": "a", "synonyms": [""]}], "list of non-empty texts"),
    ([{"name": "a", "codes": ["x"]}], "codes must be a table"),
    ([{"is_a": []}], "no name"),
    ([], "no \\[\\[entity\\]\\]"),
]


@pytest.mark.parametrize(("rows", "message"), BAD)
def test_bad_vocabularies_name_the_fault(rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(CardiolexError, match=message):
        Vocabulary.from_dict({"version": "1", "entity": rows}, source="mine.toml")


def test_bad_files_name_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[[entity]\nname=")
    with pytest.raises(CardiolexError, match=r"broken\.toml.*toml"):
        Vocabulary.load(broken)
    with pytest.raises(CardiolexError, match=r"absent\.json"):
        Vocabulary.load(tmp_path / "absent.json")
    (tmp_path / "list.json").write_text(json.dumps([1]))
    with pytest.raises(CardiolexError, match="table"):
        Vocabulary.load(tmp_path / "list.json")
    with pytest.raises(CardiolexError, match=r"\.json or \.toml"):
        tiny().save(tmp_path / "v.yaml")


def test_order_of_names_is_the_order_of_the_file(vocabulary: Vocabulary) -> None:
    places = [vocabulary.index[name] for name in vocabulary.names]
    assert all(b == a + 1 for a, b in pairwise(places))
    assert places[0] == 0


def test_every_simulated_condition_is_a_canonical_name(vocabulary: Vocabulary) -> None:
    from cardiolex.simulation import CONDITIONS

    assert [name for name in CONDITIONS if name not in vocabulary] == []
