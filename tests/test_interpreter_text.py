"""Recordings and words in one space, and recordings put into words."""

from dataclasses import replace

import numpy as np
import pytest

from cardiolex import load, read
from cardiolex.errors import CardiolexError
from cardiolex.recordings.samples import sample_paths

TEXTS = ["sinus rhythm", "left bundle branch block in atrial fibrillation", "Sinus", "sinus rhythm"]
SAME = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def ecgs():
    return [read(path) for path in sample_paths()[::4]]


def test_projections_and_texts_are_unit_vectors_of_one_space(model, ecgs):
    recordings, texts = model.project(ecgs), model.embed_text(TEXTS)
    assert recordings.shape[1] == texts.shape[1] == model.system.config.embedding_dim
    for vectors in (recordings, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert np.ptp(recordings @ texts.T, axis=0).min() > 1e-3


def test_neither_depends_on_neighbours(model, ecgs):
    together = model.project(ecgs)
    np.testing.assert_allclose(model.project(ecgs[1:2])[0], together[1], **SAME)
    np.testing.assert_allclose(model.embed_text(TEXTS[1:2])[0], model.embed_text(TEXTS)[1], **SAME)


def test_equal_texts_get_exactly_equal_vectors(model):
    first, _, _, last = model.embed_text(TEXTS)
    np.testing.assert_array_equal(first, last)


def test_projections_use_the_named_leads_only(model, ecgs):
    one_lead = model.project(ecgs, leads=["I"])
    assert np.abs(one_lead - model.project(ecgs)).max() > 1e-3
    np.testing.assert_allclose(model.project([ecgs[0].select(["I"])])[0], one_lead[0], **SAME)


def test_blank_texts_and_no_recordings_are_refused(model):
    for texts in ([], [" "], ["sinus rhythm", ""]):
        with pytest.raises(CardiolexError, match="a text is blank"):
            model.embed_text(texts)
    with pytest.raises(CardiolexError, match="at least one recording"):
        model.project([])


def test_a_model_that_cannot_write_says_which_systems_can(model, ecgs):
    with pytest.raises(CardiolexError, match=r"sharp 1.0 \(system kmerl\) cannot write reports"):
        model.write_reports(ecgs, None)


def test_every_window_gets_the_report_of_its_own_signal(model_folder, ecgs, monkeypatch):
    """A stand-in writer tells the height of what it sees and how it was asked."""

    def write_reports(self, ecg, lead_mask, sample_mask, decoding):
        return [f"{decoding} {one.abs().max():.4f}" for one in ecg]

    long = replace(ecgs[0], mv=np.concatenate([ecgs[0].mv, 0.5 * ecgs[0].mv], axis=1))
    ecgs = [*ecgs, long]
    writer = load(model_folder, device="cpu")
    monkeypatch.setattr(type(writer.system), "write_reports", write_reports, raising=False)
    reports = writer.write_reports(ecgs, "plainly")
    cut = [writer.checkpoint.preprocess.windows(one) for one in ecgs]
    assert reports == [[f"plainly {np.abs(w).max():.4f}" for w in one.ecg] for one in cut]
    assert max(map(len, reports)) > 1  # windows of a long recording
    assert writer.write_reports(ecgs[:1], "plainly") == reports[:1]
