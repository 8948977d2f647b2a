"""The smallest subset of leads that suffices, where it is known which leads matter."""

import numpy as np
import pytest

from cardiolex import read
from cardiolex.explaining.lead_subset import sufficient_leads
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.samples import samples

BY_STEM = {sample.path.stem: sample.path for sample in samples()}


def needing(*leads, asked=None):
    """A probability of 0.9 where all of `leads` are there, falling by 0.3 for each that lacks."""

    def probabilities(subsets):
        if asked is not None:
            asked.extend(subsets)
        lacking = [sum(lead not in some for lead in leads) for some in subsets]
        return 0.9 - 0.3 * np.array(lacking) - 0.001 * np.array([len(s) for s in subsets])

    return probabilities


@pytest.mark.parametrize("leads", [("V1",), ("I", "V6"), ("II", "V1", "V5"), tuple(LEADS[:5])])
def test_it_finds_the_leads_that_matter(leads):
    found = sufficient_leads(needing(*leads), LEADS, 0.5)
    assert found.leads == leads and found.smallest == (len(leads) <= 3)
    assert found.whole == pytest.approx(0.888)


def test_the_number_of_questions_is_bounded():
    asked = []
    found = sufficient_leads(needing(*LEADS, asked=asked), LEADS, 0.5)
    assert found.leads == LEADS and not found.smallest
    assert len(asked) == found.tried <= 133


def test_a_near_probability_on_the_other_side_of_the_threshold_does_not_do():
    found = sufficient_leads(
        lambda some: np.where([len(s) > 1 for s in some], 0.52, 0.48), LEADS, 0.5
    )
    assert len(found.leads) == 2


def test_one_lead_is_its_own_subset():
    assert sufficient_leads(needing("I"), ("I",), 0.5).leads == ("I",)


def test_of_a_real_recording(model):
    recording = read(BY_STEM["A0023"]).select(["I", "II", "V2"]).crop(0, 5)
    found = model.sufficient_leads(recording, "sinus rhythm", within=0.05)
    (alone,) = model.score([recording], ["sinus rhythm"], found.leads)[0]
    assert alone == pytest.approx(found.probability, abs=1e-4)
    assert abs(found.probability - found.whole) <= 0.05


def test_nearest_terms_are_those_of_training(model):
    (first, cosine), *_ = model.nearest_terms("atrial fibrillation", most=2)
    assert first == "atrial fibrillation" and cosine == pytest.approx(1.0, abs=1e-5)
    assert {name for name, _ in model.nearest_terms("purple heart")} == model.checkpoint.seen
