"""Every public data set: its published layout in, recordings with labels and parts out."""

import numpy as np
import public_layouts as layouts
import pytest

from cardiolex.datasets.preparing import prepare_set, read_set
from cardiolex.datasets.set_names import DataSet
from cardiolex.datasets.sources import SOURCES
from cardiolex.datasets.sources.mimic_text import is_kept, merl_text
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.clean import STATEMENT_COLUMNS

PLAIN = Preprocess(fs=100.0, seconds=2.0, highpass_hz=None)


def entries(name, root, **options):
    found, reading = read_set(name, root, **options)
    return {entry.id: entry for entry in found}, reading


def test_the_command_line_offers_exactly_the_sources():
    assert set(DataSet.__args__) == set(SOURCES)


def test_mimic_iv_ecg_joins_by_study_and_leaves_out_short_reports(tmp_path):
    layouts.mimic_iv_ecg(tmp_path)
    found, reading = entries("mimic-iv-ecg", tmp_path)
    assert list(found) == ["40689238", "44458630", "45090959", "41420867", "40000001"]
    assert found["45090959"].patient == "10000117"
    assert found["45090959"].file.endswith("p10000117/s45090959/45090959.hea")
    assert found["40689238"].report == "Sinus rhythm. Possible right atrial abnormality."
    assert "5 of 6 records have a report of at least four words; 1 left out" in reading.notes
    by_patient = {
        e.patient: {f.split for f in found.values() if f.patient == e.patient}
        for e in found.values()
    }
    assert all(len(parts) == 1 for parts in by_patient.values())


def test_mimic_signals_are_stored_by_lead_name(tmp_path):
    layouts.mimic_iv_ecg(tmp_path / "in")
    prepare_set("mimic-iv-ecg", tmp_path / "in", tmp_path / "store", preprocess=PLAIN)
    store = Store(tmp_path / "store")
    counts = layouts.counts_of(0)  # aVF in row 4, aVL in row 5
    mean = (store[0].ecg * store[0].gain).mean(axis=1)
    assert mean[LEADS.index("aVF")] == pytest.approx(counts[4].mean() / 1000, abs=0.01)
    assert mean[LEADS.index("aVL")] == pytest.approx(counts[5].mean() / 1000, abs=0.01)


def test_merls_filter_counts_words_as_it_did():
    def text(*said):
        return merl_text(dict(zip(STATEMENT_COLUMNS, said, strict=False)))

    assert text("*** ABNORMAL EKG ***", "", "Sinus\trhythm -") == "abnormal ecg ***. sinus rhythm"
    assert text("NA", "null", "Pacemaker rhythm") == "pacemaker rhythm"
    assert not is_kept(text("Sinus rhythm", "Tachycardia"))
    assert is_kept(text("Sinus rhythm", "Normal ECG"))
    assert is_kept(text("Sinus rhythm", " ", "x"))  # a cell of blanks leaves a lone full stop
    assert not is_kept(text())


def test_mimic_published_split_is_the_record_permutation_of_seed_42(tmp_path):
    sklearn = pytest.importorskip("sklearn.model_selection")
    rows = [[n, n, "Sinus rhythm with something", *[""] * 17] for n in range(100)]
    layouts.write_csv(
        tmp_path / "machine_measurements.csv", ["subject_id", "study_id", *STATEMENT_COLUMNS], rows
    )
    paths = [[n, n, f"files/{n}"] for n in range(100)]
    layouts.write_csv(tmp_path / "record_list.csv", ["subject_id", "study_id", "path"], paths)
    for n in range(100):
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / f"files/{n}.hea").touch()
    found, _ = entries("mimic-iv-ecg", tmp_path, face="published")
    held_out = {int(e.id) for e in found.values() if e.split == "val"}
    _, expected = sklearn.train_test_split(np.arange(100), test_size=0.02, random_state=42)
    assert held_out == set(expected.tolist())
    assert found["7"].report == "sinus rhythm with something."


def test_ptb_xl_statements_folds_and_rates(tmp_path):
    layouts.ptb_xl(tmp_path)
    found, reading = entries("ptb-xl", tmp_path)
    assert [e.split for e in found.values()] == ["train", "val", "test", "test"]
    assert found["8"].age is None and found["8"].sex == "male"  # 300 = above 89
    assert {
        "inferior myocardial infarction",
        "myocardial infarction",
        "abnormal qrs morphology",
    } <= (set(found["8"].truth.present))
    assert "conduction disturbance" in found["9"].truth.present
    judged = set(found["10"].truth.judged)  # a form statement only
    assert "abnormal qrs morphology" in judged
    assert not judged & {"sinus rhythm", "normal ecg", "myocardial infarction"}
    assert any("1.0.3 has 21799" in note for note in reading.notes)
    slow, _ = entries("ptb-xl", tmp_path, rate=100)
    assert slow["9"].file == "records100/00000/00009_lr.hea"
    with pytest.raises(CardiolexError, match="rate 250: PTB-XL comes at 500 and 100"):
        entries("ptb-xl", tmp_path, rate=250)


def test_cpsc2018_in_its_own_form_and_in_cincs(tmp_path):
    layouts.cpsc2018_native(tmp_path / "own")
    own, _ = entries("cpsc2018", tmp_path / "own")
    records = {
        "training/cpsc_2018/g1/A0001": "59118001",
        "training/cpsc_2018/g1/A0002": "426783006",
        "training/cpsc_2018/g2/A2300": "AF,RBBB",
    }
    layouts.challenge(tmp_path / "cinc", records)
    cinc, _ = entries("cpsc2018", tmp_path / "cinc")
    assert own["A2300"].file == "TrainingSet2/A2300.mat"
    for record in ("A0001", "A0002", "A2300"):
        assert own[record].truth == cinc[record].truth
        assert own[record].split == cinc[record].split != ""
    assert own["A0002"].truth.present == ("normal ecg",)
    assert own["A2300"].truth.present == ("atrial fibrillation", "right bundle branch block")


def test_cpsc2018_without_reference_takes_the_labels_of_the_split_table(tmp_path):
    layouts.cpsc2018_native(tmp_path)
    told, _ = entries("cpsc2018", tmp_path)
    (tmp_path / "REFERENCE.csv").unlink()
    found, reading = entries("cpsc2018", tmp_path)
    assert "no REFERENCE.csv" in reading.notes[0]
    assert found["A0001"].truth == told["A0001"].truth
    assert found["A0002"].truth == told["A0002"].truth


def test_georgia_and_csn_read_snomed_codes(tmp_path):
    layouts.challenge(tmp_path / "g", {"training/georgia/g1/E00001": "426783006,164934002"})
    georgia, _ = entries("georgia", tmp_path / "g")
    assert georgia["E00001"].truth.present == ("sinus rhythm", "t wave abnormality")
    assert "atrial flutter" in georgia["E00001"].truth.judged
    assert (georgia["E00001"].age, georgia["E00001"].sex) == (71.0, "female")
    paths = {"WFDBRecords/18/186/JS18048": "426177001", "WFDBRecords/01/010/JS00001": "164890007"}
    layouts.challenge(tmp_path / "c", paths)
    csn, _ = entries("csn", tmp_path / "c")
    assert csn["JS18048"].split == "test"
    assert csn["JS00001"].truth.present == ("atrial flutter",)


def test_code_15_finds_exams_by_id_and_lists_the_missing(tmp_path):
    layouts.code_15(tmp_path)
    found, reading = entries("code-15", tmp_path)
    assert [(e.file, e.row) for e in found.values()] == [
        ("exams_part0.hdf5", 0),
        ("exams_part0.hdf5", 1),
        ("exams_part1.hdf5", 0),
        ("exams_part1.hdf5", 1),
    ]
    assert [name for name, _ in reading.failures] == ["99"]
    assert found["2873686"].truth.present == ("right bundle branch block",)
    assert found["2873686"].sex == "female"
    result = prepare_set("code-15", tmp_path, tmp_path / "store", preprocess=PLAIN)
    store = Store(tmp_path / "store")
    assert [name for name, _ in result.failures] == ["99"]
    assert list(dict.fromkeys(store.table["id"].to_pylist())) == list(found)


def test_ludb_sph_and_ptb_read_their_own_words(tmp_path):
    for name, lay in (("ludb", layouts.ludb), ("sph", layouts.sph), ("ptb", layouts.ptb)):
        (tmp_path / name).mkdir()
        lay(tmp_path / name)
    ludb, _ = entries("ludb", tmp_path / "ludb")
    assert set(ludb["2"].truth.present) == {
        "atrial fibrillation",
        "inferior myocardial infarction",
        "acute myocardial infarction",
    }
    assert "sinus bradycardia" in ludb["2"].truth.judged
    sph, _ = entries("sph", tmp_path / "sph")
    assert sph["A00003"].truth.present == ("atrial fibrillation",)
    assert sph["A00001"].split == sph["A00003"].split  # the same patient
    ptb, _ = entries("ptb", tmp_path / "ptb")
    assert {e.patient for e in ptb.values()} == {"patient001"}
    assert set(ptb["s0010_re"].truth.present) == {
        "inferolateral myocardial infarction",
        "myocardial infarction",
    }
    assert ptb["s0010_re"].truth.judged == ()


def cut_off(path):
    text = path.read_text()
    path.write_text(text[: len(text) - 40])


@pytest.mark.parametrize(
    ("name", "lay", "harm", "message"),
    [
        ("ptb-xl", layouts.ludb, lambda r: None, "has no ptbxl_database.csv, so it is not"),
        ("georgia", layouts.ludb, lambda r: None, "no file named like those of Georgia"),
        (
            "mimic-iv-ecg",
            layouts.mimic_iv_ecg,
            lambda r: (r / "record_list.csv").unlink(),
            "has no record_list.csv",
        ),
        (
            "mimic-iv-ecg",
            layouts.mimic_iv_ecg,
            lambda r: cut_off(r / "machine_measurements.csv"),
            "line 7: not 23 values; is the download",
        ),
        (
            "mimic-iv-ecg",
            layouts.mimic_iv_ecg,
            lambda r: layouts.write_csv(r / "machine_measurements.csv", ["study_id"], [[1]]),
            "has no column 'subject_id', 'report_0'",
        ),
        (
            "ptb-xl",
            layouts.ptb_xl,
            lambda r: layouts.write_csv(
                r / "scp_statements.csv",
                [
                    "",
                    "description",
                    "diagnostic",
                    "form",
                    "rhythm",
                    "diagnostic_class",
                    "diagnostic_subclass",
                ],
                layouts.SCP[:2],
            ),
            "statement 'SR' is not in scp_statements",
        ),
        (
            "ptb-xl",
            layouts.ptb_xl,
            lambda r: [p.unlink() for p in r.rglob("*.hea")],
            "none of the 4 recordings",
        ),
        (
            "cpsc2018",
            layouts.cpsc2018_native,
            lambda r: layouts.write_csv(
                r / "REFERENCE.csv",
                ["Recording", "First_label", "Second_label", "Third_label"],
                [["A0001", 12, "", ""]],
            ),
            "label '12' is none of 1",
        ),
        ("code-15", layouts.code_15, lambda r: (r / "exams.csv").unlink(), "belongs to CODE-15"),
        (
            "sph",
            layouts.sph,
            lambda r: layouts.write_csv(
                r / "metadata.csv",
                ["ECG_ID", "AHA_Code", "Patient_ID", "Age", "Sex"],
                [["A00001", "AF", "S1", 5, "M"]],
            ),
            "AHA_Code 'AF' is no statement number",
        ),
    ],
)
def test_a_folder_that_is_not_what_it_should_be_is_refused(tmp_path, name, lay, harm, message):
    root = tmp_path / "in"
    root.mkdir()
    lay(root)
    harm(root)
    with pytest.raises(CardiolexError, match=message):
        prepare_set(name, root, tmp_path / "store", preprocess=PLAIN)


def test_a_label_outside_the_list_is_a_failure_of_its_record(tmp_path):
    layouts.challenge(tmp_path / "in", {"E00001": "426783006", "E00002": "12345"})
    result = prepare_set("georgia", tmp_path / "in", tmp_path / "store", preprocess=PLAIN)
    assert result.recordings == 1
    assert result.failures[0][0] == "E00002.hea"
    assert "label '12345' is none that Georgia uses" in result.failures[0][1]


def test_half_a_download_is_seen(tmp_path):
    root = tmp_path / "in"
    layouts.challenge(root, {f"g1/E0000{n}": "426783006" for n in (1, 2, 3)})
    (root / "g1" / "E00001.hea").unlink()
    (root / "g1" / "E00002.mat").unlink()
    (root / "g1" / "RECORDS").write_text("E00001\nE00002\nE00003\nE00004\n")
    result = prepare_set("georgia", root, tmp_path / "store", preprocess=PLAIN)
    assert result.windows == 1
    told = dict(result.failures)
    assert set(told) == {"g1/E00001.mat", "g1/E00002.hea", "E00004"}
    assert "header is not there" in told["g1/E00001.mat"]
    assert "header is not there" in told["E00004"]
