import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import NothingToMeasure
from cardiolex.evaluation.loading import load_table, score_in_batches
from cardiolex.evaluation.zero_shot import evaluate_zero_shot


def test_figures_are_those_of_the_readable_records(loaded, oracle, labels):
    result = evaluate_zero_shot(oracle, loaded, resamples=50, batch_size=16)
    kept = [i for i in range(60) if i != 7]
    assert result.n_records == 59
    assert result.unreadable == (("r7.hea", "ValueError: broken header"),)
    assert [c.condition for c in result.classes] == ["rhythm", "everywhere"]
    known = ~np.isnan(labels[kept, 0])
    y, p = labels[kept, 0][known], result.probabilities[known, 0]
    assert result.classes[0].auroc.value == pytest.approx(roc_auc_score(y, p))
    assert result.classes[0].auprc.value == pytest.approx(average_precision_score(y, p))
    mean = np.mean([c.auroc.value for c in result.classes])
    assert result.macro_auroc.value == pytest.approx(mean)
    assert result.macro_auroc.low <= mean <= result.macro_auroc.high


def test_classes_with_too_few_are_listed_and_left_out(loaded, oracle):
    result = evaluate_zero_shot(oracle, loaded, resamples=10)
    found = {one.condition: (one.n_pos, one.reason) for one in result.left_out}
    assert found == {
        "rare": (2, "fewer than 3 positives"),
        "never": (0, "fewer than 3 positives"),
    }
    assert all(one["condition"] in ("rare", "never") for one in result.to_dict()["left_out"])
    assert "rare (2/57)" in result.to_markdown()


def test_the_model_is_asked_every_condition_in_batches(loaded, oracle):
    evaluate_zero_shot(oracle, loaded, ("I",), resamples=10, batch_size=25)
    assert [len(ids) for ids, _, _ in oracle.calls] == [25, 25, 9]
    assert all(c == ("rhythm", "everywhere", "rare", "never") for _, c, _ in oracle.calls)
    assert all(leads == ("I",) for _, _, leads in oracle.calls)


def test_records_without_the_leads_are_listed_and_not_scored(loaded, oracle):
    result = evaluate_zero_shot(oracle, loaded, ("II", "V1"), resamples=10)
    assert result.lacking_leads == ("r8.hea", "r9.hea")
    assert result.n_records == 57
    assert not {"8", "9"} & {i for ids, _, _ in oracle.calls for i in ids}
    assert "Without these leads: r8.hea, r9.hea" in result.to_markdown()


def test_patients_come_from_the_table_then_the_recordings_then_the_records(loaded, oracle):
    from_recordings = evaluate_zero_shot(oracle, loaded, resamples=10)
    assert (from_recordings.n_patients, from_recordings.patients_from) == (30, "recordings")
    named = replace(loaded, table=replace(loaded.table, patients=("same", "other") * 30))
    assert evaluate_zero_shot(oracle, named, resamples=10).n_patients == 2
    nobody = tuple(replace(r, patient=None) for r in loaded.recordings)
    alone = evaluate_zero_shot(oracle, replace(loaded, recordings=nobody), resamples=10)
    assert alone.n_patients == 59 and "every record" in alone.patients_from


def test_seen_and_unseen_classes_have_their_own_mean(loaded, oracle):
    seen = {"rhythm": True, "everywhere": False}
    result = evaluate_zero_shot(oracle, loaded, seen=seen, resamples=10)
    assert result.macro_auroc_seen.value == result.classes[0].auroc.value
    assert result.macro_auroc_unseen.value == result.classes[1].auroc.value
    untold = evaluate_zero_shot(oracle, loaded, resamples=10)
    assert untold.macro_auroc_seen is untold.macro_auroc_unseen is None


def test_json_is_strict_complete_and_repeatable(loaded, oracle, tmp_path):
    paths = evaluate_zero_shot(oracle, loaded, model="m", seed=3, resamples=20).write(tmp_path)
    assert [p.name for p in paths] == ["demo.json", "demo.md", "demo.csv", "demo.png"]
    text = paths[0].read_text()
    plain = json.loads(text, parse_constant=pytest.fail)
    assert (plain["table"], plain["model"], plain["seed"]) == ("demo", "m", 3)
    assert plain["leads"] == "all recorded" and plain["versions"]["numpy"] == np.__version__
    assert plain["classes"][0].keys() >= {"condition", "n_pos", "n_neg", "auroc", "auprc", "seen"}
    again = evaluate_zero_shot(oracle, loaded, model="m", seed=3, resamples=20)
    assert json.dumps(again.to_dict()) == json.dumps(plain)
    rows = paths[2].read_text().splitlines()
    assert len(rows) == 3 and rows[1].startswith("rhythm,20,38,")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda r, c, leads: np.zeros((len(r), 1)), "answered"),
        (lambda r, c, leads: np.full((len(r), len(c)), np.nan), "'rhythm' of recording '0'"),
        (lambda r, c, leads: np.full((len(r), len(c)), 1.5), "lie in 0 to 1"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(loaded, answer, message):
    with pytest.raises(CardiolexError, match=message):
        evaluate_zero_shot(answer, loaded)


def test_impossible_requests_are_refused(loaded, oracle, table):
    with pytest.raises(CardiolexError, match="give names among"):
        evaluate_zero_shot(oracle, loaded, ("X1",))
    with pytest.raises(CardiolexError, match="give names among"):
        evaluate_zero_shot(oracle, loaded, ())
    with pytest.raises(NothingToMeasure, match="no condition has 50"):
        evaluate_zero_shot(oracle, loaded, min_positives=50)

    def broken(path):
        raise OSError("disk gone")

    with pytest.raises(CardiolexError, match="disk gone"):
        load_table(table, broken)


def test_progress_counts_to_the_end(loaded, oracle):
    seen = []
    score_in_batches(
        oracle,
        loaded.recordings,
        ["a"] * 4,
        None,
        batch_size=20,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(20, 59), (40, 59), (59, 59)]
