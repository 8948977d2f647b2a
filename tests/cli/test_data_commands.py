import pytest
from made_files import write_csv

from cardiolex.datasets.store import Store


def test_simulated_recordings_are_as_many_as_asked_and_a_second_call_changes_nothing(
    call, tmp_path
):
    store = tmp_path / "store"
    tokens = ("simulate", store, "--count", 4, "--fs", 250, "--seed", 5)
    ended = call(*tokens)
    assert (ended.status, ended.out, ended.err) == (0, f"4 recordings in {store}\n", "")
    assert len(Store(store)) == 4
    files = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert call(*tokens).status == 0
    assert {path: path.read_bytes() for path in files} == files
    ended = call("simulate", store, "--count", 4, "--fs", 250, "--seed", 6)
    assert ended.status == 1 and "was begun with other settings" in ended.err


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("--count", 0), "--count 0"),
        (("--count", -3), "--count -3"),
        (("--processes", 0), "--processes 0"),
        (("--fs", 10), "--fs = 10.0 Hz: choose between 50 and 5000 Hz"),
        (("--engine", "ray", "--format", "wfdb"), "--engine ray simulates to stores"),
        (("--mix", "average"), 'Invalid value "average" for --mix'),
        (("--require", "left bundel branch block"), "nearest: "),
    ],
)
def test_impossible_simulations_are_refused(call, tmp_path, tokens, words):
    ended = call("simulate", tmp_path / "store", *tokens)
    assert ended.status == 2 and words in " ".join(ended.err.split())
    assert not (tmp_path / "store").exists()


def test_a_misspelt_condition_gets_the_near_ones(call, tmp_path):
    ended = call("simulate", tmp_path / "store", "--require", "atrial fibrilation")
    assert "nearest: atrial fibrillation" in ended.err


def test_a_required_condition_may_be_any_wording_of_it(call, tmp_path):
    ended = call("simulate", tmp_path, "--require", "Hyperkalaemia", "--count", 1, "--fs", 100)
    assert (ended.status, ended.err) == (0, "")
    assert "hyperkalemia" in Store(tmp_path).table["present"].to_pylist()[0]


def test_a_superclass_that_is_not_simulated_lists_its_kinds(call, tmp_path):
    ended = call("simulate", tmp_path / "store", "--require", "premature complex")
    assert ended.status == 2 and "nearest: premature atrial complex" in ended.err


def test_a_folder_is_prepared_and_what_cannot_be_used_is_named(call, ward, tmp_path):
    (ward / "flat.csv").write_text("# fs: 500\n# unit: mV\nI,II\n" + "0.1,0.2\n" * 5000)
    write_csv(ward / "below" / "ecg.csv")
    ended = call("prepare", "folder", ward, tmp_path / "store")
    assert ended.status == 1
    assert len(Store(tmp_path / "store")) == 6  # holter.csv is three windows long
    lines = ended.err.splitlines()
    assert len(lines) == 2 and all(line.startswith(f"cardiolex: {ward}") for line in lines)
    assert "broken.hea: names broken.dat" in ended.err and "flat.csv: recording" in ended.err


def test_an_empty_source_is_an_error(call, tmp_path):
    (tmp_path / "empty").mkdir()
    ended = call("prepare", "folder", tmp_path / "empty", tmp_path / "store")
    assert ended.status == 1 and "holds no recording" in ended.err


def test_findings_of_an_extraction_become_labels(call, ward, tmp_path):
    (ward / "broken.hea").unlink()
    reports = tmp_path / "reports.csv"
    reports.write_text("ecg_id,report\n10,Sinus rhythm. Possible LVH\nA0023,Atrial fibrillation\n")
    assert call("extract", reports, tmp_path / "labels", "--processes", 1).status == 0
    tokens = ("prepare", "folder", ward, tmp_path / "store", "--labels", tmp_path / "labels")
    ended = call(*tokens)
    assert ended.status == 0
    assert "1 recordings have no labels in" in ended.err and "(first: holter.csv)" in ended.err
    store = Store(tmp_path / "store")
    names = dict(
        zip(store.table["id"].to_pylist(), store.table["present"].to_pylist(), strict=True)
    )
    assert "sinus rhythm" in names["00010_hr"]  # PTB-XL's record 10
    assert "atrial fibrillation" in names["A0023"]
    missing = call("prepare", "folder", ward, tmp_path / "other", "--labels", tmp_path)
    assert missing.status == 1 and "has no labels.npz" in missing.err
