from dataclasses import replace

import numpy as np
import pytest

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.quality import quality
from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import samples

from .making import strip


def with_lead(lead: str, change):
    recording = strip()
    mv = recording.mv.copy()
    row = LEADS.index(lead)
    mv[row] = change(mv[row], np.arange(mv.shape[1]) / 500)
    return replace(recording, mv=mv)


def limb_reversed(recording):
    """Swap the arm electrodes: I changes sign, II and III as well as aVR and aVL change places."""
    mv = recording.mv.copy()
    mv[0] = -recording.mv[0]
    mv[[1, 2, 3, 4]] = recording.mv[[2, 1, 4, 3]]
    return replace(recording, mv=mv)


def test_a_clean_strip_has_no_flag():
    report = quality(strip())
    assert report.good_leads == LEADS
    assert not report.record and not report.warnings


NOISE = np.random.default_rng(3).normal(0, 0.08, 5000)


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        ("flat", lambda x, t: 0 * x + 0.2),
        ("flat", lambda x, t: np.where(t < 4, 0, x)),
        ("gaps", lambda x, t: np.where(t < 0.5, np.nan, x)),
        ("clipped", lambda x, t: np.minimum(x, 0.3 * x.max())),
        ("noisy", lambda x, t: x + NOISE),
        ("noisy", lambda x, t: x + 0.1 * np.sin(2 * np.pi * 50 * t)),
        ("wandering", lambda x, t: x + 2 * np.sin(2 * np.pi * 0.15 * t)),
        ("too large", lambda x, t: x * 20),
        ("too small", lambda x, t: x * 0.04),
    ],
)
def test_each_fault_is_flagged_on_its_lead_only(flag, change):
    report = quality(with_lead("V4", change))
    assert flag in report.leads["V4"]
    assert set(report.good_leads) == set(LEADS) - {"V4"}
    assert any(warning.startswith("V4: ") for warning in report.warnings)


def test_missing_leads_are_flagged_without_a_warning():
    report = quality(strip().select(["I", "V2"]))
    assert report.leads["II"] == {"missing"} and report.good_leads == ("I", "V2")
    assert not report.warnings


def test_a_short_strip_a_flat_one_and_an_unknown_unit():
    assert "short" in quality(strip(seconds=3)).record
    assert "no beats" in quality(replace(strip(), mv=0 * strip().mv)).record
    unknown = quality(replace(strip(), mv=strip().mv * 100, unit_known=False))
    assert unknown.record == {"unit unknown"} and unknown.good_leads == LEADS


@pytest.mark.parametrize("lead", ["I", "III", "aVF"])
def test_a_mislabelled_limb_lead_contradicts_einthoven(lead):
    report = quality(with_lead(lead, lambda x, t: strip().mv[10]))
    assert "einthoven" in report.record
    assert any("Einthoven" in warning for warning in report.warnings)


def test_rounding_to_five_microvolts_does_not():
    rounded = replace(strip(), mv=np.round(strip().mv / 0.005) * 0.005)
    assert not quality(rounded).record


def test_swapped_arms_are_noticed_and_right_axis_deviation_is_not_taken_for_it():
    assert quality(limb_reversed(strip())).record == {"arm leads reversed"}
    mv = strip().mv.copy()
    qrs = np.zeros(5000, bool)
    for peak in np.arange(0.4, 9.8, 0.8):
        qrs |= np.abs(np.arange(5000) / 500 - peak) < 0.06
    one, three = mv[0].copy(), mv[2].copy()
    one[qrs], three[qrs] = -mv[0][qrs], mv[2][qrs] * 3  # only the QRS axis turns right
    two = one + three
    mv[:6] = [one, two, three, -(one + two) / 2, one - two / 2, two - one / 2]
    assert not quality(replace(strip(), mv=mv)).record


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.path.stem)
def test_the_bundled_recordings_are_judged_fairly(sample):
    recording = read(sample.path)
    report = quality(recording)
    absent = set(LEADS) - set(recording.leads)
    assert set(LEADS) - set(report.good_leads) - absent == set()
    assert not report.record
