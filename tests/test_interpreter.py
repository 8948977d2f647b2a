"""What may change an answer and what may not; everything through a checkpoint folder."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from recordings.making import beats_like, strip, write_format16
from scipy.special import expit, logit

from cardiolex import load, read
from cardiolex.checkpoint import save_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import sample_paths

ASKED = ["atrial fibrillation", "left bundle branch block", "sinus rhythm", "purple heart"]
SAME = {"rtol": 0, "atol": 1e-4}  # of a probability


@pytest.fixture(scope="module")
def ecgs():
    """Real recordings from several data sets."""
    return [read(path) for path in sample_paths()[::3]]


@pytest.fixture(scope="module")
def ecg(ecgs):
    return ecgs[0]


def answers(model, recording, conditions=ASKED, **options):
    return np.array([row.probability for row in model.interpret(recording, conditions, **options)])


def with_lead(recording, lead, row):
    mv = recording.mv.copy()
    mv[recording.leads.index(lead)] = row
    return replace(recording, mv=mv)


def noise(shape, size=3.0, seed=0):
    return np.random.default_rng(seed).normal(0, size, shape).astype(np.float32)


# ------------------------------------------------------------ what must change an answer
def test_answers_depend_on_the_recording_the_leads_and_the_question(model, ecgs):
    table = model.score(ecgs, ASKED)
    assert table.shape == (len(ecgs), len(ASKED))
    assert (table > 0).all() and (table < 1).all()
    assert np.ptp(table, axis=0).min() > 0.02 and np.ptp(table, axis=1).min() > 0.02
    assert np.abs(model.score(ecgs, ASKED, ["I"]) - table).max() > 0.02
    disturbed = with_lead(ecgs[0], "V2", noise(ecgs[0].mv.shape[1]))
    assert np.abs(answers(model, disturbed) - table[0]).max() > 0.002


# ------------------------------------------------------------ what must not
def test_the_order_and_names_of_leads_in_the_file(model, tmp_path):
    counts = np.round(beats_like()[0] * 1000).astype(np.int16)
    shuffled = np.random.default_rng(4).permutation(12)
    aliases = [f"MDC_ECG_LEAD_{LEADS[i].upper()}" if i % 2 else LEADS[i].lower() for i in shuffled]
    tidy = write_format16(tmp_path, counts, list(LEADS), record="tidy")
    mixed = write_format16(tmp_path, counts[shuffled], aliases, record="mixed")
    np.testing.assert_allclose(answers(model, read(tidy)), answers(model, read(mixed)), **SAME)


def test_the_unit_and_the_rate_of_the_file(model):
    mv, _ = beats_like(fs=1000)
    in_mv = Recording.from_channels(mv, LEADS, 1000)
    in_uv = Recording.from_channels(mv * 1000, LEADS, 1000, unit="uV")
    np.testing.assert_allclose(answers(model, in_uv), answers(model, in_mv), rtol=0, atol=1e-4)
    slower = strip(fs=500)
    np.testing.assert_allclose(answers(model, slower), answers(model, in_mv), rtol=0, atol=5e-3)


def test_the_other_conditions_asked(model, ecg):
    alone = [answers(model, ecg, [condition])[0] for condition in ASKED]
    np.testing.assert_allclose(answers(model, ecg), alone, **SAME)
    many = [*model.checkpoint.vocabulary.names[::7], *ASKED[::-1], ASKED[1]]
    crowd = answers(model, ecg, many)
    np.testing.assert_allclose(crowd[-5:], [*alone[::-1], alone[1]], **SAME)


def test_the_neighbours_in_a_batch(model, ecgs):
    """Short, long, one-lead and complete recordings together answer as each does alone."""
    several = [
        *ecgs,
        strip(seconds=34),
        strip(seconds=6.1).select(["II"]),
        strip(seconds=3.3, rate=120).select(["I", "V1", "V6"]),
        with_lead(strip(seconds=24), "V1", 0.2),
    ]
    together = list(model.interpret_many(several, ASKED))
    assert [findings.recording.id for findings in together] == [r.id for r in several]
    for recording, findings in zip(several, together, strict=True):
        got = [row.probability for row in findings]
        np.testing.assert_allclose(got, answers(model, recording), **SAME)
    backwards = list(model.interpret_many(several[::-1], ASKED))[::-1]
    for one, other in zip(together, backwards, strict=True):
        assert one.recording is other.recording
        a, b = ([row.probability for row in findings] for findings in (one, other))
        np.testing.assert_allclose(a, b, **SAME)


@pytest.mark.parametrize(
    "recording",
    [strip(seconds=7.3), strip(seconds=6.0).select(["I", "V2"]), strip(seconds=1.1)],
    ids=["padded", "padded, two leads", "padded within a segment"],
)
def test_what_stands_where_nothing_was_recorded(model, recording, monkeypatch):
    before = answers(model, recording)
    original = Preprocess.windows

    def filled(self, recording):
        windows = original(self, recording)
        # A segment that is partly recorded goes to the network whole, its padding as zeros.
        segment = model.system.config.encoder.segment_samples
        seen = windows.sample_mask.reshape(len(windows), -1, segment).any(axis=2)
        unseen = ~(windows.lead_mask[:, :, None] & np.repeat(seen, segment, axis=1)[:, None])
        assert unseen.mean() > 0.2
        return replace(windows, ecg=np.where(unseen, noise(unseen.shape, 50.0), windows.ecg))

    monkeypatch.setattr(Preprocess, "windows", filled)
    np.testing.assert_allclose(answers(model, recording), before, **SAME)


@pytest.mark.parametrize("leads", [["I"], ["V1", "V5"], ["II", "I", "aVR", "V6"]])
def test_leads_that_were_not_asked_for(model, ecg, leads):
    only = ecg.select(leads)
    want = answers(model, only)
    np.testing.assert_allclose(answers(model, ecg, leads=leads), want, **SAME)
    rest = [lead for lead in LEADS if lead not in leads]
    for garbage in (noise(ecg.mv.shape[1], 1e4), np.nan, np.inf):
        ruined = ecg
        for lead in rest:
            ruined = with_lead(ruined, lead, garbage)
        np.testing.assert_allclose(answers(model, ruined, leads=leads), want, **SAME)
    assert model.interpret(ecg, ASKED, leads=leads).leads == only.leads


@pytest.mark.parametrize("off", [0.0, 0.35, np.nan])
def test_a_lead_that_fell_off_counts_as_absent(model, ecg, off):
    broken = with_lead(with_lead(ecg, "V3", off), "aVL", off)
    rest = [lead for lead in LEADS if lead not in ("V3", "aVL")]
    findings = model.interpret(broken, ASKED)
    assert findings.leads == tuple(rest)
    got = [row.probability for row in findings]
    np.testing.assert_allclose(got, answers(model, ecg.select(rest)), **SAME)
    assert any("aVL, V3" in warning for warning in findings.warnings)


# ------------------------------------------------------------ derived leads
def test_limb_leads_are_derived_from_one_and_two(model):
    whole = strip()
    two = whole.select(["I", "II"])
    for lead in ("III", "aVR", "aVL", "aVF"):
        findings = model.interpret(two, ASKED, leads=[lead])
        assert findings.leads == (lead,)
        np.testing.assert_allclose(
            [row.probability for row in findings], answers(model, whole.select([lead])), **SAME
        )
    assert model.interpret(two, ASKED).leads == ("I", "II")


def test_a_lead_that_is_not_there_is_an_error_that_says_what_is(model):
    with pytest.raises(CardiolexError, match=r"'strip' has no lead V1 \(it has I, II\)"):
        model.interpret(strip().select(["I", "II"]), ASKED, leads=["I", "V1"])
    with pytest.raises(CardiolexError, match="unknown lead 'V7'; the leads are I, II, III"):
        model.interpret(strip(), ASKED, leads=["V7"])
    with pytest.raises(CardiolexError, match="no leads given"):
        model.interpret(strip(), ASKED, leads=[])


def test_leads_and_conditions_as_one_text_are_not_taken_letter_by_letter(model, ecg):
    assert model.interpret(ecg, ASKED, leads="II").leads == ("II",)
    assert model.interpret(ecg, ASKED, leads="V1, II").leads == ("II", "V1")
    assert [row.condition for row in model.interpret(ecg, "sinus rhythm")] == ["sinus rhythm"]


# ------------------------------------------------------------ long recordings
def windowed_logits(model, recording, texts):
    """Logits (W, C), one window at a time, by the checkpoint itself."""
    cut = model.checkpoint.preprocess.windows(recording)
    rows = []
    for w in range(len(cut)):
        tensors = (
            torch.from_numpy(a[w : w + 1]) for a in (cut.ecg, cut.lead_mask, cut.sample_mask)
        )
        with torch.no_grad():
            rows.append(model.checkpoint.score(*tensors, texts)[0].numpy())
    return np.stack(rows).astype(np.float64), cut.start_s


def test_a_long_recording_is_read_window_by_window(model):
    """Beats in the first half, much faster ones in the second, V1 off at the end."""
    slow, fast = (beats_like(rate, 17)[0] for rate in (50, 150))
    mv = np.concatenate([slow, fast * 1.5], axis=1)
    mv[LEADS.index("V1"), 24 * 500 :] = 0.1
    recording = Recording(mv, LEADS, 500.0, id="long")
    logits, starts = windowed_logits(model, recording, ["sinus rhythm", "purple heart"])
    assert list(starts) == [0, 10, 20, 24]
    assert np.ptp(logits, axis=0).min() > 0.05
    findings = model.interpret(recording, ["sinus rhythm", "purple heart"])
    assert findings.window_starts_s == (0, 10, 20, 24)
    assert findings.leads == LEADS
    for row, column in zip(findings, logits.T, strict=True):
        np.testing.assert_allclose(row.window_probabilities, expit(column), **SAME)
        assert row.probability == pytest.approx(expit(column.mean()), abs=1e-4)


def test_a_window_without_signal_is_left_out(model):
    mv, _ = beats_like(seconds=30)
    mv[:, 10 * 500 : 20 * 500] = 0.0
    findings = model.interpret(Recording(mv, LEADS, 500.0), ASKED)
    assert findings.window_starts_s == (0, 20)
    assert all(len(row.window_probabilities) == 2 for row in findings)


def test_a_recording_without_any_signal_is_an_error_that_names_it(model):
    flat = Recording(np.full((12, 5000), 0.2, np.float32), LEADS, 500.0, id="asystole?")
    with pytest.raises(CardiolexError, match=r"'asystole\?': every lead is flat or missing"):
        model.interpret(flat, ASKED)


# ------------------------------------------------------------ questions
@pytest.mark.parametrize(
    ("canonical", "wordings"),
    [
        ("atrial fibrillation", ["AF", "afib", "Atrial Fibrillation", "  auricular fibrillation "]),
        ("left bundle branch block", ["LBBB", "Left bundle-branch block", "blocked left bundle"]),
        ("first degree av block", ["1st degree AV block", "I° AV block", "1AVB"]),
    ],
)
def test_wordings_of_one_condition_have_one_answer(model, ecg, canonical, wordings):
    want = model.interpret(ecg, [canonical])[canonical]
    for row in model.interpret(ecg, wordings):
        assert (row.query, row.seen, row.calibrated) == (canonical, want.seen, want.calibrated)
        assert row.threshold == want.threshold
        assert row.probability == pytest.approx(want.probability, abs=1e-4)


def test_opposite_sides_have_different_answers(model, ecg):
    left, right = answers(model, ecg, ["LBBB", "RBBB"])
    assert abs(left - right) > 0.002


def test_unseen_questions_are_answered_and_marked(model, ecg):
    findings = model.interpret(ecg, ["AF", "Purple  HEART", "sinus rhythm", "old LBBB"])
    assert [row.seen for row in findings] == [True, False, False, False]
    assert [row.calibrated for row in findings] == [True, False, False, False]
    assert findings["Purple  HEART"].query == "purple heart"
    assert findings["old LBBB"].query == "old left bundle branch block"
    assert all(0 < row.probability < 1 for row in findings)


def test_probabilities_and_decisions_follow_the_calibration_of_the_checkpoint(model, ecg):
    raw, _ = windowed_logits(model, ecg, ["atrial fibrillation", "sinus rhythm"])
    fit = model.checkpoint.calibration.conditions["atrial fibrillation"]
    assert (fit.scale, fit.offset) == (2.0, 0.0)
    af, sinus = model.interpret(ecg, ["AF", "sinus rhythm"])
    assert logit(af.probability) == pytest.approx(2 * raw[0, 0], abs=1e-3)
    assert logit(sinus.probability) == pytest.approx(raw[0, 1], abs=1e-3)
    for row in (af, sinus):
        assert row.decision == (row.probability >= row.threshold)


def test_the_models_own_conditions_are_asked_where_none_is_named(model, ecg):
    rows = model.interpret(ecg)
    assert tuple(row.condition for row in rows) == model.checkpoint.default_conditions


@pytest.mark.parametrize("blank", [[], [""], ["AF", "  "], ""])
def test_blank_questions_are_errors(model, ecg, blank):
    with pytest.raises(CardiolexError, match="a condition is blank: ask in words"):
        model.interpret(ecg, blank)


# ------------------------------------------------------------ scores, embeddings, loading
def test_score_and_interpret_give_the_same_numbers(model, ecgs):
    table = model.score(ecgs, ASKED, ["I", "II"])
    rows = [answers(model, recording, leads=["I", "II"]) for recording in ecgs]
    np.testing.assert_allclose(table, rows, **SAME)


def test_nothing_asked_of_nothing_is_nothing(model):
    assert list(model.interpret_many([], ASKED)) == []


def test_embeddings_have_unit_length_and_do_not_depend_on_the_batch(model, ecgs):
    several = [*ecgs, strip(seconds=25), strip(seconds=5).select(["II"])]
    table = model.embed(several)
    assert table.dtype == np.float32 and table.shape == (len(several), 32)
    np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, atol=1e-6)
    for recording, row in zip(several, table, strict=True):
        np.testing.assert_allclose(model.embed([recording])[0], row, **SAME)
    one = model.embed(ecgs, leads=["I"])
    assert np.abs(one - table[: len(ecgs)]).max() > 0.01
    only = [recording.select(["I"]) for recording in ecgs]
    np.testing.assert_allclose(one, model.embed(only), **SAME)


def test_a_folder_loads_from_text_or_path_and_answers_alike(model, model_folder, ecg):
    again = load(str(model_folder))
    assert again.name == model.name == "sharp 1.0"
    np.testing.assert_allclose(answers(again, ecg), answers(model, ecg), **SAME)
    with pytest.raises(CardiolexError, match="nowhere: no such checkpoint folder"):
        load("nowhere")


def test_answers_do_not_touch_the_recording(model):
    recording = strip(seconds=12)
    before = recording.mv.copy()
    model.interpret(recording, ASKED, leads=["I", "aVR"])
    np.testing.assert_array_equal(recording.mv, before)


def test_questions_are_put_in_the_style_that_the_model_was_made_for(model, trained, tmp_path):
    name = "left bundle branch block"
    assert model.questions([name])[0].text == name
    described = load(save_checkpoint(replace(trained, prompts="enriched"), tmp_path / "m"))
    asked = described.questions(["LBBB"])[0]
    assert asked.text.startswith(name + ", ") and asked.name == name
    by_name = load(tmp_path / "m", prompts="name")
    assert by_name.questions(["LBBB"])[0].text == name
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "prompts": "rhymed"}))
    with pytest.raises(CardiolexError, match="prompts 'rhymed'; known: name, concise, enriched"):
        load(tmp_path / "m")


# ------------------------------------------------------------ recordings too poor to decide
def test_nothing_is_decided_from_noise_and_the_reason_is_the_first_warning(model, ecg):
    drowned = replace(ecg, mv=noise(ecg.mv.shape, 2.0))
    findings = model.interpret(drowned, ASKED)
    assert [row.decision for row in findings] == [None] * len(ASKED)
    assert findings.warnings[0].endswith("nothing is decided")
    assert findings.positive() == () and findings.to_frame()["decision"].isna().all()
    assert all(row.decision is not None for row in model.interpret(ecg, ASKED))


def test_one_good_lead_is_enough_to_decide(model, ecg):
    mv = ecg.mv + noise(ecg.mv.shape, 0.15)
    mv[ecg.leads.index("II")] = ecg.mv[ecg.leads.index("II")]
    assert all(row.decision is not None for row in model.interpret(replace(ecg, mv=mv), ASKED))
