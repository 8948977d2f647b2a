import re
from functools import cache

import numpy as np
import pytest

import cardiolex.simulation as simulation
from cardiolex.simulation.phrases import PARTS, Dice, phrases
from cardiolex.simulation.report_styles import STYLES
from cardiolex.simulation.report_text import write_report
from cardiolex.simulation.shown_leads import Shown, leads_showing
from cardiolex.simulation.truth import Measurements

NAMES = sorted(phrases().say)
LEAD_WORDS = re.compile(r"\b(avr|avl|avf|i{1,3}|v[1-6](-v[1-6])?)(, )?\b")


def measured(heart_rate_bpm=75.0, **kwargs):
    return Measurements(
        heart_rate_bpm=heart_rate_bpm,
        rr_ms=60_000 / heart_rate_bpm,
        rr_sd_ms=20,
        pr_ms=160,
        p_ms=100,
        qrs_ms=92,
        qt_ms=390,
        qtc_ms=412,
        p_axis_deg=50,
        qrs_axis_deg=40,
        t_axis_deg=45,
        **kwargs,
    )


def report(seed, present, unknown=(), measurements=None):
    rng = np.random.default_rng(seed)
    return write_report(rng, frozenset(present), frozenset(unknown), measurements or measured())


def plain(text):
    text = text.lower().replace("ischaemi", "ischemi").replace("\n", " ")
    return re.sub(r"\s+", " ", text)


def findable(words):
    """Pattern of a wording as it stands in a plain report, whatever leads it names."""
    pattern = re.escape(plain(words)).replace(r"\{leads\}", r"[iavrlf1-6, -]+?")
    pattern = pattern.replace(r"\{region\}", r"(?:anterior|inferior|lateral|\w+)")
    return rf"(?<![\w-]){pattern}(?!\w)"


@cache
def mask_of(names):
    """One pattern for every wording of the conditions, longest first."""
    table = phrases()
    words = [w for n in names for w in (*table.say[n], *table.borderline.get(n, ()))]
    return re.compile("|".join(findable(w) for w in sorted(words, key=len, reverse=True)))


@cache
def neutral():
    table = phrases()
    words = [w for negative in table.negatives for w in negative.say]
    words += [w for verdict in table.verdict.values() for w in verdict]
    words += table.remarks
    words += table.borderline["normal ecg"]
    return re.compile("|".join(findable(w) for w in sorted(words, key=len, reverse=True)))


def asserted(text, present, unknown):
    """Conditions whose wordings remain after those allowed have been taken out."""
    allowed = tuple(sorted(set(present) | set(unknown)))
    text = neutral().sub("#", plain(text))
    if allowed:
        text = mask_of(allowed).sub("#", text)
    return [n for n in NAMES if n not in allowed and mask_of((n,)).search(text)]


def random_truth(rng):
    names = rng.permutation(NAMES)
    count, unsure = int(rng.integers(1, 7)), int(rng.integers(0, 4))
    present, unknown = set(names[:count].tolist()), set(names[count : count + unsure].tolist())
    if len(present) > 1:
        present.discard("normal ecg")
    return present, unknown


def test_every_condition_has_at_least_four_wordings():
    for name, words in phrases().say.items():
        assert len(set(words)) >= 4, name


def test_table_and_simulator_know_the_same_conditions():
    assert set(phrases().say) == set(simulation.CONDITIONS)


def test_no_wording_is_shared_by_two_conditions():
    owner = {}
    for name, words in phrases().say.items():
        for word in words:
            assert owner.setdefault(plain(word), name) == name


def test_negatives_and_borderlines_name_known_conditions():
    table = phrases()
    for negative in table.negatives:
        assert negative.denies <= set(table.say)
    assert set(table.borderline) <= set(table.say)


@pytest.mark.parametrize("name", NAMES)
def test_a_present_condition_is_mostly_said(name):
    st = np.zeros(12, np.float32)
    m = measured(st_mv=st, t_mv=st)
    said = sum(bool(mask_of((name,)).search(plain(report(s, {name}, (), m)))) for s in range(60))
    assert said >= 20 if name == "normal ecg" else said >= 45


@pytest.mark.parametrize("seed", range(8))
def test_absent_conditions_are_never_asserted(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        present, unknown = random_truth(rng)
        levels = rng.normal(0, 0.2, (2, 12)).astype(np.float32)
        rate = float(rng.uniform(35, 180))
        m = measured(rate, st_mv=levels[0], t_mv=levels[1])
        unknown |= {"bradycardia"} if rate < 60 else {"tachycardia"} if rate > 100 else set()
        text = report(rng, present, unknown, m)
        assert not asserted(text, present, unknown), (text, present, unknown)


def test_the_check_for_absent_conditions_can_fail():
    assert asserted("Sinus rhythm. Inferior infarct, old.", {"sinus rhythm"}, ()) == [
        "inferior myocardial infarction"
    ]
    assert asserted("ECG shows LBBB", {"sinus rhythm"}, ()) == ["complete left bundle branch block"]


def test_negatives_deny_only_what_is_absent():
    table = phrases()
    rng = np.random.default_rng(9)
    heard = set()
    for _ in range(800):
        present, unknown = random_truth(rng)
        text = plain(report(rng, present, unknown))
        for negative in table.negatives:
            if any(re.search(findable(w), text) for w in negative.say):
                heard.add(negative)
                assert not negative.denies & (present | unknown), (text, present, unknown)
    assert len(heard) >= 8


HEDGE = re.compile(
    r"possib|probab|consider|suspect|cannot|suggest|\?|question|borderline|limit|correlation"
    r"|minimal|slight|doubtful|rather|small|consistent|at the border|probably"
)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "normal ecg"])
def test_unknown_conditions_are_only_hedged(name):
    for seed in range(40):
        text = plain(report(seed, {"ventricular couplet"}, {name}))
        for statement in re.split(r"\. |; | - (?!b)|, (?!prob|clin|mobitz|comp|prem)", text):
            masked = mask_of(("ventricular couplet",)).sub("#", neutral().sub("#", statement))
            if mask_of((name,)).search(masked):
                assert HEDGE.search(statement + text[text.find(statement) :][:60]), text


@pytest.mark.parametrize(("rate", "right"), [(140, "rapid"), (75, "controlled"), (45, "slow")])
def test_ventricular_response_follows_the_rate(rate, right):
    responses = phrases().ventricular_response
    texts = [plain(report(s, {"atrial fibrillation"}, (), measured(rate))) for s in range(80)]
    for kind, words in responses.items():
        hits = sum(any(plain(w) in t for w in words) for t in texts)
        assert hits > 20 if kind == right else hits == 0


def test_an_infarct_is_acute_only_where_an_acute_infarct_is_present():
    old = {"inferior myocardial infarction", "old myocardial infarction"}
    acute = {"inferior myocardial infarction", "acute myocardial infarction"}
    assert not any(
        "acute" in re.sub(r"no [^.;,\n]*", "", report(s, old).lower()) for s in range(80)
    )
    texts = [report(s, acute).lower() for s in range(80)]
    assert sum("acute" in t for t in texts) > 60
    assert not any("old" in t or "age undetermined" in t for t in texts)


def test_findings_come_in_the_carts_order():
    infarct, qt = "septal myocardial infarction", "long qt interval"
    parts = ("atrial fibrillation", "left axis deviation", infarct, qt)
    for seed in range(60):
        text = plain(report(seed, set(parts)))
        found = [mask_of((name,)).search(text) for name in parts]
        places = [match.start() for match in found if match]
        assert places == sorted(places)


def test_verdict_agrees_with_the_conditions():
    def verdicts(present, unknown=()):
        texts = [plain(report(s, present, unknown)) for s in range(80)]
        return {
            kind: sum(
                any(re.search(findable(w), t) for w in phrases().verdict[kind]) for t in texts
            )
            for kind in ("abnormal", "borderline", "otherwise_normal")
        }

    normal = verdicts({"sinus rhythm", "normal ecg"})
    assert not any(normal.values())
    infarct = verdicts({"sinus rhythm", "inferior myocardial infarction"})
    assert infarct["abnormal"] > 30 and not infarct["borderline"] + infarct["otherwise_normal"]
    brady = verdicts({"sinus bradycardia"})
    assert brady["otherwise_normal"] > 30 and not brady["abnormal"]
    unsure = verdicts({"sinus rhythm"}, {"long qt interval"})
    assert unsure["borderline"] > 20 and not unsure["abnormal"]


def test_leads_and_regions_are_those_measured():
    st = np.zeros(12, np.float32)
    st[[7, 8, 9]] = 0.25
    assert leads_showing("st elevation", measured(st_mv=st)) == Shown(
        ("V2", "V3", "V4"), "anterior"
    )
    assert leads_showing("st elevation", measured(st_mv=st)).ranges == "V2-V4"
    assert leads_showing("st depression", measured(st_mv=st)) is None
    st[[0, 4, 7, 8, 9, 11]] = 0.0, 0.2, 0.0, 0.0, 0.3, 0.3
    assert leads_showing("st elevation", measured(st_mv=st)).ranges == "aVL, V4, V6"
    assert leads_showing("t wave inversion", measured()) is None  # not measured
    assert leads_showing("left axis deviation", measured(st_mv=st)) is None


def test_numbers_are_those_measured_and_missing_ones_are_left_out():
    nothing = Measurements(*[float("nan")] * 11)
    for seed in range(60):
        assert "nan" not in report(seed, {"atrial fibrillation"}, (), nothing)
        text = plain(report(seed, {"sinus rhythm"}))
        for number in re.findall(r"(\d+)(?= ms| bpm| /min| deg)", text):
            assert number in {"75", "160", "92", "412", "40"}


def test_same_seed_same_report_and_many_different_ones():
    present = {"sinus rhythm", "left ventricular hypertrophy", "t wave inversion"}
    texts = [report(seed, present) for seed in range(200)]
    assert texts == [report(seed, present) for seed in range(200)]
    assert len(set(texts)) > 150
    lengths = [len(text) for text in texts]
    assert np.percentile(lengths, 95) > 1.8 * np.percentile(lengths, 5)
    assert sum(text.isupper() for text in texts) > 10 and sum(text.islower() for text in texts) > 10


def test_superclasses_and_empty_truth_are_no_error():
    assert "infarction" not in report(3, {"myocardial infarction", "sinus rhythm"}).lower().replace(
        "no evidence of acute infarction", ""
    ).replace("no evidence of myocardial infarction", "").replace("no signs of infarction", "")
    for seed in range(30):
        assert isinstance(report(seed, ()), str)


def test_dice_are_fair_and_reproducible():
    dice = Dice(np.random.default_rng(0))
    counts = np.bincount([dice.pick(range(4)) for _ in range(4000)], minlength=4)
    assert counts.min() > 850
    common = np.bincount([dice.pick_common(range(4)) for _ in range(4000)], minlength=4)
    assert np.all(np.diff(common) < 0)
    assert np.mean([dice.chance(0.2) for _ in range(4000)]) == pytest.approx(0.2, abs=0.03)


def test_styles_and_parts_are_complete():
    assert set(PARTS) | {"summary"} == set(phrases().parts)
    assert {style.case for style in STYLES} == {"sentence", "upper", "lower"}
