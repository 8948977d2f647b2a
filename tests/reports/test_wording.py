import pytest

from cardiolex.reports.wording import alternatives, bag, key

SAME = [
    ("First-degree A-V block", "1st degree AV block"),
    ("I degree atrioventricular block", "1° av-block"),
    ("Ischaemia", "ischemia"),
    ("hyperkalaemia", "Hyperkalemia"),
    ("premature ventricular complexes", "PREMATURE VENTRICULAR COMPLEX"),
    ("non-specific ST segment changes", "nonspecific ST change"),
    ("sino-atrial block", "SA block"),
    ("pre-excitation", "preexcitation"),
    ("repolarisation", "repolarization"),
    ("abnormalities", "abnormality"),
    ("PVC(s)", "pvc"),
    ("inferior infarct", "inferior infarction"),
    ("Mobitz type 1", "mobitz type I"),
    ("ST & T", "st and t"),
    ("ischämie", "ischaemie"),
]
DIFFERENT = [
    ("left bundle branch block", "right bundle branch block"),
    ("first degree av block", "second degree av block"),
    ("type i", "type ii"),
    ("2:1 av block", "3:1 av block"),
    ("atrial flutter", "no atrial flutter"),
    ("digitalis", "digital"),
    ("sinus", "sinu"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_equal_wordings_have_one_key(a: str, b: str) -> None:
    assert key(a) == key(b)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_findings_keep_different_keys(a: str, b: str) -> None:
    assert key(a) != key(b)
    assert bag(a) != bag(b) or bag(a) == ()


def test_bag_ignores_order_and_fillers_but_not_negation() -> None:
    assert bag("T abnormalities, lateral leads") == bag("lateral T wave abnormality")
    assert bag("no lateral T wave abnormality") != bag("lateral T wave abnormality")
    assert bag("infarct") == ()


def test_alternatives_spell_out_every_group() -> None:
    assert alternatives("premature (atrial|sinus) (beat|)") == [
        "premature atrial beat",
        "premature atrial",
        "premature sinus beat",
        "premature sinus",
    ]
    assert alternatives("av block (first)") == ["av block (first)"]
