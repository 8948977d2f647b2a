"""Pairs of a patient's recordings: every recording once in an epoch, patients met in batches."""

import itertools

import pytest

from cardiolex.datasets.rescaled import Rescaled
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Chosen, Store
from cardiolex.errors import CardiolexError
from cardiolex.recipes.ecg_only_methods import METHODS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.simulation import Settings
from cardiolex.training.order import StepOrder, patients_of

# five recordings of Ann, two of Bo and Cy each, one of Di, three of nobody known
PATIENTS = ["Ann", "Bo", "", "Ann", "Cy", "Ann", "Di", "", "Bo", "Ann", "Cy", "Ann", ""]


def steps(epochs, batch=2, **changes):
    settings = {"seed": 1, "patients": PATIENTS, **changes}
    per_epoch = len(PATIENTS) // (batch * settings.get("size", 1))
    return list(StepOrder(len(PATIENTS), batch, epochs * per_epoch, **settings))


def test_pairs_meet_in_every_epoch_and_nothing_comes_twice():
    drawn = set()
    for epoch in range(6):
        batches = steps(epoch + 1)[-6:]
        rows = list(itertools.chain(*batches))
        assert len(rows) == len(set(rows)) == 12
        together = [PATIENTS[a] for a, b in batches if PATIENTS[a] == PATIENTS[b] and PATIENTS[a]]
        assert sorted(together) == ["Ann", "Ann", "Bo", "Cy"]  # Ann's fifth stands elsewhere
        drawn.add(frozenset(frozenset(pair) for pair in batches if PATIENTS[pair[0]] == "Ann"))
    assert len(drawn) > 1  # other pairs of Ann's in other epochs


def test_unknown_patients_are_no_pair_of_their_own():
    several = [steps(1, seed=seed) for seed in range(30)]
    unknown = {i for i, name in enumerate(PATIENTS) if not name}
    pairs = [set(pair) for batches in several for pair in batches]
    mixed = sum(len(pair & unknown) == 1 for pair in pairs)
    assert mixed > sum(pair <= unknown for pair in pairs)


def test_a_run_goes_on_and_is_divided_over_processes_as_without_pairs():
    whole = steps(3, batch=4)
    assert list(StepOrder(13, 4, 9, start=5, seed=1, patients=PATIENTS)) == whole[5:]
    ranks = [steps(1, batch=2, rank=rank, size=3) for rank in range(3)]
    assert [row for step in zip(*ranks, strict=True) for part in step for row in part] == [
        row for batch in steps(1, batch=6) for row in batch
    ]


def test_what_would_cut_pairs_is_refused():
    for changes in ({"batch": 3}, {"shuffle": False}):
        with pytest.raises(CardiolexError, match="pair_patients to false"):
            steps(1, **changes)


def test_stores_say_whose_recordings_are_and_other_data_does_not(tmp_path):
    preprocess, settings = Preprocess(fs=100.0, seconds=2.0), Settings(fs=100.0, seconds=2.0)
    simulate_to_store(tmp_path, 6, preprocess=preprocess, settings=settings)
    store = Store(tmp_path)
    chosen = Rescaled(Chosen(store, [4, 1]), "minmax")
    assert list(patients_of(chosen)) == [store[4].patient, store[1].patient]
    with pytest.raises(CardiolexError, match="do not say whose"):
        patients_of([1, 2])


def test_methods_with_positives_of_a_patient_ask_for_pairs():
    asked = {key for key, method in METHODS.items() if method.trainer.pair_patients}
    assert asked == {"astcl", "clocs", "wav2vec2_cmsc"}
