from dataclasses import replace

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.asked_once import together
from cardiolex.evaluation.kept_scores import KeptScores, fingerprint
from cardiolex.evaluation.loading import score_in_batches
from cardiolex.recordings.recording import Recording


class Model:
    """Answers by the recording's height and the length of the question; counts what it is asked."""

    def __init__(self):
        self.seen = []

    def __call__(self, recordings, conditions, leads):
        self.seen += [(r.id, tuple(conditions), leads) for r in recordings]
        heights = np.array([[float(r.mv[0, 0])] for r in recordings])
        return 1 / (1 + heights + np.array([len(c) for c in conditions]) + len(leads or ()))


def recordings(count=5):
    return [
        Recording(np.full((2, 9), n, np.float32), ("I", "II"), 10.0, str(n)) for n in range(count)
    ]


def test_what_was_asked_is_not_asked_again(tmp_path):
    model, path = Model(), tmp_path / "kept.sqlite"
    first = KeptScores(path, "m").score(model)
    fresh = score_in_batches(first, recordings(), ("af", "lbbb"), None, batch_size=2)
    np.testing.assert_array_equal(fresh, Model()(recordings(), ("af", "lbbb"), None))
    again = KeptScores(path, "m")
    later = again.score(model)(recordings(7), ("lbbb", "af"), None)
    np.testing.assert_array_equal(later[:5], fresh[:, ::-1])
    assert (again.asked, again.found) == (2, 5)
    assert [name for name, *_ in model.seen] == ["0", "1", "2", "3", "4", "5", "6"]


def test_tables_that_share_recordings_share_the_asking(tmp_path):
    kept = KeptScores(tmp_path / "kept.sqlite", "m")
    score = together(kept.score(Model()), ("af", "lbbb", "vt now"))
    for table in (("af",), ("vt now", "lbbb")):
        np.testing.assert_array_equal(
            score(recordings(), table, None), Model()(recordings(), table, None)
        )
    assert (kept.asked, kept.found) == (5, 5)


@pytest.mark.parametrize(
    "other",
    [
        lambda r: replace(r, mv=r.mv + np.float32(1e-6)),
        lambda r: replace(r, fs=11.0),
        lambda r: r.select(["I"]),
    ],
    ids=["sample", "rate", "lead"],
)
def test_a_recording_that_changed_is_asked_anew(tmp_path, other):
    kept = KeptScores(tmp_path / "kept.sqlite", "m")
    score, one = kept.score(Model()), recordings()[1]
    score([one], ("af",), None)
    score([other(one)], ("af",), None)
    assert kept.asked == 2
    score([replace(one, id="moved", source="elsewhere")], ("af",), None)
    assert kept.found == 1


def test_other_leads_and_other_models_are_other_questions(tmp_path):
    kept = KeptScores(tmp_path / "kept.sqlite", "m")
    score, one = kept.score(Model()), recordings()[1]
    for leads in (None, ["I"], ["II", "I"]):
        score([one], ("af",), leads)
    assert kept.asked == 3
    score([one], ("af",), ["I", "II"])  # the same leads in another order
    assert kept.found == 1
    other = KeptScores(tmp_path / "kept.sqlite", "another")
    other.score(Model())([one], ("af",), None)
    assert other.asked == 1


def test_a_condition_asked_twice_gets_its_answer_twice(tmp_path):
    score = KeptScores(tmp_path / "kept.sqlite", "m").score(Model())
    for _ in range(2):
        answer = score(recordings(2), ("af", "lbbb", "af"), None)
        np.testing.assert_array_equal(answer[:, 0], answer[:, 2])


def test_features_are_kept_too(tmp_path):
    calls = []

    def embed(some, leads):
        calls.append(len(some))
        return np.stack([r.mv[:, 0] * (len(leads) if leads else 1) for r in some])

    kept = KeptScores(tmp_path / "kept.sqlite", "m").features(embed)
    first = kept(recordings(3), None)
    np.testing.assert_array_equal(kept(recordings(4), None)[:3], first)
    assert calls == [3, 1] and kept(recordings(2), ["I"]).shape == (2, 2)


def test_another_file_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    with pytest.raises(CardiolexError, match=r"notes.txt.*--cache"):
        KeptScores(tmp_path / "notes.txt", "m")


def test_the_card_does_not_make_another_model(tmp_path):
    (tmp_path / "weights").write_bytes(b"1")
    before = fingerprint(tmp_path, "name")
    (tmp_path / "README.md").write_text("measured anew")
    assert fingerprint(tmp_path, "name") == before != fingerprint(tmp_path, "concise")
    (tmp_path / "weights").write_bytes(b"2")
    assert fingerprint(tmp_path, "name") != before
