import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import (
    DERIVABLE,
    LEADS,
    SUBSETS,
    in_order,
    is_modified,
    standard_name,
)


@pytest.mark.parametrize("lead", LEADS)
def test_every_spelling_in_circulation_gives_the_standard_name(lead):
    spellings = [lead, lead.upper(), lead.lower(), f"MDC_ECG_LEAD_{lead.upper()}", f"Lead {lead}"]
    spellings += [f"ECG {lead}", f"ecg_{lead}", f" {lead} ", f"EKG-{lead}", f"{lead} lead"]
    assert [standard_name(s) for s in spellings] == [lead] * len(spellings)


def test_iberian_and_torso_names():
    assert [standard_name(n) for n in ("DI", "D2", "DIII")] == ["I", "II", "III"]
    assert [standard_name(n) for n in ("MLII", "MCL1")] == ["II", "V1"]
    assert is_modified("MLII") and is_modified("MCL1") and not is_modified("II")


@pytest.mark.parametrize("name", ["C3", "1", "vx", "-aVR", "V7", "V1R", "ECG", "Pleth", "", "IV"])
def test_what_is_ambiguous_is_not_guessed(name):
    assert standard_name(name) is None


def test_limb_leads_derive_as_a_dipole_projects():
    """Einthoven's triangle: leads are projections of one vector on axes 0, 60, 120 … degrees."""
    angle = np.deg2rad(np.array([17.0, 133.0, 251.0]))

    def project(degrees, size=1.0):
        return size * np.cos(angle - np.deg2rad(degrees))

    one, two = project(0), project(60)
    goldberger = np.sqrt(3) / 2  # augmented leads are shorter than bipolar ones
    truth = {
        "III": project(120),
        "aVR": project(-150, goldberger),
        "aVL": project(-30, goldberger),
        "aVF": project(90, goldberger),
    }
    assert set(truth) == set(DERIVABLE)
    for lead, (a, b) in DERIVABLE.items():
        np.testing.assert_allclose(a * one + b * two, truth[lead], atol=1e-12)


def test_selection_is_sorted_and_unique_and_names_what_it_does_not_know():
    assert in_order(["v6", "II", "Lead I", "ii"]) == ("I", "II", "V6")
    with pytest.raises(CardiolexError, match="'C3'"):
        in_order(["I", "C3"])
    with pytest.raises(CardiolexError, match="no leads"):
        in_order([])


def test_subsets_are_selections_in_canonical_order():
    for leads in SUBSETS.values():
        assert leads == in_order(leads)
