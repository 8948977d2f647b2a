import numpy as np
import pytest
from scipy.stats import spearmanr

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.wordings import correlation, evaluate_wordings
from cardiolex.reports.everyday import everyday_phrases
from cardiolex.reports.vocabulary import Vocabulary

RNG = np.random.default_rng(0)
LOGITS = {"a": RNG.normal(size=40)}
LOGITS["same order"] = np.exp(LOGITS["a"])
LOGITS["reversed"] = -LOGITS["a"]
LOGITS["other"] = RNG.normal(size=40)
TEXTS = {"a": {"synonym": ["same order"], "phrase": ["other"], "opposite": ["reversed"]}}


def score(texts):
    return np.stack([LOGITS[text] for text in texts], axis=1)


def test_agreement_is_spearmans_and_each_kind_is_summed_up():
    result = evaluate_wordings(score, TEXTS)
    by_text = {one.text: one.rho for one in result.agreements}
    assert by_text["same order"] == pytest.approx(1) and by_text["reversed"] == pytest.approx(-1)
    assert by_text["other"] == pytest.approx(spearmanr(LOGITS["a"], LOGITS["other"]).statistic)
    assert "| synonym | 1 | 1.00 |" in result.to_markdown()


def test_too_few_recordings_and_no_spread():
    with pytest.raises(CardiolexError, match="5 recordings are too few"):
        evaluate_wordings(lambda texts: score(texts)[:5], TEXTS)
    assert np.isnan(correlation(np.ones(4), np.arange(4.0)))


def test_everyday_phrases_are_of_known_findings_and_not_in_the_vocabulary():
    vocabulary = Vocabulary.load()
    for name, phrases in everyday_phrases().items():
        assert name in vocabulary, name
        assert [p for p in phrases if vocabulary.resolve(p) is not None] == []


def test_texts_are_asked_as_written_by_the_command(model, model_folder, tmp_path, capsys):
    from cardiolex.cli.wordings import wordings
    from cardiolex.recordings.samples import sample_paths

    paths = sample_paths()
    table = tmp_path / "truth.csv"
    root = paths[0].parents[1]
    rows = "".join(f"{path.relative_to(root)},1\n" for path in paths)
    table.write_text(f"record,atrial fibrillation\n{rows}")
    assert wordings([table], root=root, model=model_folder, output=tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "| abbreviation |" in told and "atria are fibrillating" in (
        tmp_path / "out" / "wordings.json"
    ).read_text(encoding="utf-8")
