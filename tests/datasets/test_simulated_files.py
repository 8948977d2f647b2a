"""Simulated recordings as WFDB files: the wfdb package reads what is true of them."""

import csv

import numpy as np
import pytest
import wfdb

from cardiolex import read, simulate
from cardiolex.datasets import simulated_files
from cardiolex.datasets.simulated_files import QRS, SYMBOLS, T, simulate_to_wfdb
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import read_truth
from cardiolex.simulation import CONDITIONS, Settings

SETTINGS = Settings(fs=250.0, seconds=5.0)
COUNT = 5


@pytest.fixture
def parts_of_two(monkeypatch):
    monkeypatch.setattr(simulated_files, "PART", 2)


@pytest.fixture
def folder(tmp_path, parts_of_two):
    simulate_to_wfdb(tmp_path / "ecgs", COUNT, settings=SETTINGS, seed=4)
    return tmp_path / "ecgs"


def test_signal_person_report_and_labels_are_those_of_the_simulation(folder):
    for index in range(COUNT):
        truth = simulate(index, seed=4, settings=SETTINGS).recording
        found = read(folder / f"simulated-{index}.hea")
        assert (found.leads, found.fs, found.sex) == (truth.leads, truth.fs, truth.sex)
        assert found.age == pytest.approx(truth.age, abs=0.01)
        assert np.nanmax(np.abs(found.mv - truth.mv)) < 0.002
        assert found.report == " ".join(truth.report.split())
        assert len(found.labels) == len(truth.labels)


def test_every_beat_is_annotated_at_its_peak_and_waves_by_their_limits(folder):
    for index in range(COUNT):
        beats = simulate(index, seed=4, settings=SETTINGS).beats
        marks = wfdb.rdann(str(folder / f"simulated-{index}"), "atr")
        assert marks.fs == 250 and list(marks.sample) == sorted(marks.sample)
        symbols, waves = np.array(marks.symbol), np.array(marks.num)
        peaks = np.nanmedian(beats.r_peak_s, axis=1) * 250
        inside = [i for i, peak in enumerate(peaks) if 0 <= round(peak) < 1250]
        is_beat = np.isin(symbols, list(SYMBOLS.values()))
        assert np.abs(marks.sample[is_beat] - peaks[inside]).max() <= 0.5
        assert list(symbols[is_beat]) == [SYMBOLS[beats.kind[i]] for i in inside]
        for wave, begins in ((QRS, beats.qrs_on_s), (T, beats.t_on_s)):
            on = marks.sample[(symbols == "(") & (waves == wave)] / 250
            known = begins[np.isfinite(begins) & (begins >= 0) & (begins < 4.997)]
            assert on == pytest.approx(known, abs=0.003)


def test_tables_say_what_is_there_what_is_open_and_what_was_reported(folder):
    table = read_truth(folder / "truth.csv", folder)
    assert table.conditions == tuple(CONDITIONS) and len(table.records) == COUNT
    for record, labels in zip(table.records, table.labels, strict=True):
        truth = simulate(int(record.split("-")[1][:-4]), seed=4, settings=SETTINGS)
        said = dict(zip(table.conditions, labels, strict=True))
        assert all(said[name] == 1 for name in truth.present if name in said)
        assert all(np.isnan(said[n]) for n in truth.unknown - truth.present if n in said)
        assert sum(said[name] == 0 for name in said) > 50
    with (folder / "reports.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["report"] for row in rows] == [
        simulate(i, seed=4, settings=SETTINGS).recording.report for i in range(COUNT)
    ]


def test_a_second_call_goes_on_and_gives_the_same_files(folder, tmp_path, monkeypatch):
    done = []
    part = simulated_files._write_part

    def stopped(job, number):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(number)
        return part(job, number)

    other = tmp_path / "other"
    monkeypatch.setattr(simulated_files, "_write_part", stopped)
    with pytest.raises(KeyboardInterrupt):
        simulate_to_wfdb(other, COUNT, settings=SETTINGS, seed=4)
    assert not (other / "truth.csv").exists()
    monkeypatch.setattr(
        simulated_files, "_write_part", lambda job, n: done.append(n) or part(job, n)
    )
    simulate_to_wfdb(other, COUNT, settings=SETTINGS, seed=4)
    assert done == [0, 1, 2]
    simulate_to_wfdb(other, COUNT, settings=SETTINGS, seed=4)
    assert done == [0, 1, 2]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in other.iterdir()} == files
    with pytest.raises(CardiolexError, match="begun with other settings"):
        simulate_to_wfdb(other, COUNT, settings=SETTINGS, seed=5)
