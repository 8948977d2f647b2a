import numpy as np
import pytest

from cardiolex.recordings.leads import LEADS
from cardiolex.simulation import Settings, simulate
from cardiolex.simulation.statements import STATEMENTS, judge_statements


def said(simulated, statement):
    return judge_statements(simulated)[STATEMENTS.index(statement)]


def test_every_statement_is_judged_once_and_by_its_measurement():
    assert len(set(STATEMENTS)) == len(STATEMENTS)
    for index in range(20):
        ecg = simulate(index, seed=3, settings=Settings(noise=False))
        m = ecg.measurements
        assert len(judge_statements(ecg)) == len(STATEMENTS)
        assert said(ecg, "qrs wider than 105 ms") == (m.qrs_ms > 105)
        assert said(ecg, "heart rate above 85 per minute") == (m.heart_rate_bpm > 85)
        for lead, r, t in zip(LEADS, m.r_mv, m.t_mv, strict=True):
            assert said(ecg, f"r wave in {lead} taller than 0.8 mv") == (r > 0.8)
            assert said(ecg, f"t wave in {lead} above -0.1 mv") == (t > -0.1)


def test_what_a_tracing_does_not_have_cannot_be_said():
    ecg = simulate(0, settings=Settings(require="atrial fibrillation", noise=False))
    assert np.isnan(said(ecg, "pr interval longer than 170 ms"))
    assert not np.isnan(said(ecg, "qrs wider than 105 ms"))


def test_exchanged_electrodes_leave_single_leads_unsaid():
    ecg = simulate(0, settings=Settings(require="limb lead reversal"))
    assert np.isnan(said(ecg, "r wave in I taller than 0.3 mv"))
    assert not np.isnan(said(ecg, "heart rate above 85 per minute"))


@pytest.mark.parametrize("statement", ["qrs wider than 85 ms", "t wave in V5 above 0.25 mv"])
def test_statements_divide_recordings(statement):
    states = [
        said(simulate(k, settings=Settings(fs=100, noise=False)), statement) for k in range(60)
    ]
    assert 0.1 < np.nanmean(states) < 0.9
