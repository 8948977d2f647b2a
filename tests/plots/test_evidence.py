"""Evidence lies under the lead and the moment that it speaks of, to scale."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from cardiolex.plots.ecg_paper import MARGIN_MM, PULSE_MM, ecg_paper
from cardiolex.plots.evidence import AGAINST, FOR, Evidence
from cardiolex.recordings.recording import Recording

MARKS = {"I": (3.0, 3.2, 1.0), "II": (4.0, 4.4, -0.5)}


def relevance(lead, times):
    first, last, value = MARKS[lead]
    found = np.where((times >= first) & (times < last), value, 0.1)
    return np.where(times > 5.0, np.nan, found)


def test_marks_are_where_they_should_be():
    recording = Recording(np.zeros((2, 3000), np.float32), ("I", "II"), 500.0)
    figure = ecg_paper(
        recording, layout="rows", start_s=2.0, seconds=4.0, evidence=Evidence(relevance, "a test")
    )
    (axes,) = figure.axes
    patches = {p.get_gid(): p for p in axes.patches if str(p.get_gid()).startswith("evidence-")}
    assert set(patches) == {"evidence-I", "evidence-II"}
    for lead, color in (("I", FOR), ("II", AGAINST)):
        first, last, value = MARKS[lead]
        patch = patches[f"evidence-{lead}"]
        left = MARGIN_MM + PULSE_MM + 25 * (first - 2.0)
        assert patch.get_x() == pytest.approx(left) and to_hex(patch.get_facecolor()) == color
        assert patch.get_width() == pytest.approx(25 * (last - first))
        assert patch.get_alpha() == pytest.approx(0.62 * abs(value))
    assert patches["evidence-I"].get_y() > patches["evidence-II"].get_y()
    assert any(text.get_text() == "a test" for text in axes.texts)
