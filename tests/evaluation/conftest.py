import numpy as np
import pytest

from cardiolex.evaluation.answers import Answers
from cardiolex.evaluation.loading import load_table
from cardiolex.evaluation.truth import TruthTable
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

CONDITIONS = ("rhythm", "everywhere", "rare", "never")
N = 60


def recording(number, leads=LEADS, patient=None):
    """A constant recording whose height in each lead is its number."""
    mv = np.full((len(leads), 10), number, np.float32)
    return Recording(mv, tuple(leads), 10.0, id=str(number), patient=patient)


class Oracle:
    """Knows the labels by the recording's id; the more leads, the less noise in its answers."""

    def __init__(self, labels):
        self.labels, self.calls = labels, []

    def __call__(self, recordings, conditions, leads):
        self.calls.append((tuple(r.id for r in recordings), tuple(conditions), leads))
        rows = [int(r.id) for r in recordings]
        count = len(leads) if leads is not None else 12
        noise = np.random.default_rng(rows[0] + 1000 * count).random((len(rows), 4))
        mixed = self.labels[rows] * count / 12 + noise * (1.2 - count / 12)
        return np.nan_to_num(mixed) / 2.5


@pytest.fixture
def labels():
    made = np.zeros((N, 4), np.float32)
    made[::3, 0] = made[::2, 1] = made[:2, 2] = 1
    made[5, 0] = np.nan
    return made


@pytest.fixture
def table(labels, tmp_path):
    records = tuple(f"r{i}.hea" for i in range(N))
    return TruthTable("demo", tmp_path, records, CONDITIONS, labels)


@pytest.fixture
def loaded(table):
    """Record 7 cannot be read; 8 and 9 have limb leads only."""

    def read(path):
        number = int(path.stem[1:])
        if number == 7:
            raise ValueError("broken header")
        return recording(number, LEADS[:6] if number in (8, 9) else LEADS, f"p{number // 2}")

    return load_table(table, read)


@pytest.fixture
def oracle(labels):
    return Oracle(labels)


@pytest.fixture
def answers_of(labels):
    """Answers to the table by a system whose noise is given; every patient has two recordings."""

    def make(noise=0.5, seed=0, table="demo", columns=(0, 1)):
        rng = np.random.default_rng(seed)
        chosen = labels[:, list(columns)]
        margin = np.nan_to_num(chosen) * 2 - 1 + noise * rng.normal(size=chosen.shape)
        return Answers(
            table=table,
            model=f"noise {noise}",
            leads=None,
            records=tuple(f"r{i}.hea" for i in range(N)),
            recordings=tuple(recording(i) for i in range(N)),
            patients=tuple(f"p{i // 2}" for i in range(N)),
            patients_from="truth table",
            conditions=tuple(CONDITIONS[c] for c in columns),
            labels=chosen,
            probabilities=1 / (1 + np.exp(-margin)),
        )

    return make
