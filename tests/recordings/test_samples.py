from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import FOLDER, sample_paths, samples


def test_the_samples_are_real_varied_and_small():
    assert len({sample.dataset for sample in samples()}) >= 4
    assert len({c for sample in samples() for c in sample.conditions}) >= 10
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 1_500_000
    attribution = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert all(path.stem.split("_")[0] in attribution for path in sample_paths())


def test_every_sample_reads_and_becomes_windows():
    for sample in samples():
        recording = read(sample.path)
        assert recording.unit_known and 0.3 < abs(recording.mv).max() < 6
        assert Preprocess().windows(recording).ecg.shape[1:] == (12, 5000)


def test_one_sample_lacks_leads():
    incomplete = [read(path) for path in sample_paths()]
    assert [r.id for r in incomplete if len(r.leads) < 12] == ["JS20004"]
