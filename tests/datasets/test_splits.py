"""Row counts and class lists as K-MERL Table 3 and SuPreME Table 7 print them."""

import csv

import numpy as np
import pytest

from cardiolex.datasets.splits import SPLIT_SETS, load_split, write_truth
from cardiolex.errors import CardiolexError
from cardiolex.reports.vocabulary import Vocabulary

PRINTED = {  # classes, train, validation, test
    "ptbxl_super": (5, 17084, 2146, 2158),
    "ptbxl_sub": (23, 17084, 2146, 2158),
    "ptbxl_form": (19, 7197, 901, 880),
    "ptbxl_rhythm": (12, 16832, 2100, 2098),
    "cpsc2018": (9, 4950, 551, 1376),
    "csn": (38, 16546, 1860, 4620),
}
CODES = {
    "ptbxl_super": "HYP NORM MI CD STTC",
    "ptbxl_sub": "AMI LAFB/LPFB LVH STTC IMI SEHYP CRBBB WPW LAO/LAE NORM ISC AVB RAO/RAE LMI ISCI "
    "ISCA NST CLBBB ILBBB IRBBB PMI RVH IVCD",
    "ptbxl_form": "PAC DIG HVOLT STD LPR QWAVE VCLVH NDT TAB LOWT ABQRS LNGQT PRC(S) NT STE NST "
    "PVC INVT LVOLT",
    "ptbxl_rhythm": "SVARR BIGU STACH SARRH SBRAD TRIGU AFIB SR SVTAC PSVT AFLT PACE",
    "cpsc2018": "AFIB VPC NORM 1AVB CRBBB STE PAC CLBBB STD",
    "csn": "AQW UW SR WPW 2AVB AT VB ARS STTC SA STE VPB TWO STTU ALS APB 2AVB1 PRIE CCR CR AF AVB "
    "QTIE LBBB VEB SVT RBBB 1AVB STDD MI AFIB TWC PWC ERV RVH LVH ST JEB",
}


@pytest.mark.parametrize("name", SPLIT_SETS)
def test_rows_and_classes_are_those_that_the_papers_print(name):
    found = load_split(name, "published")
    sizes = [len(found.part(split)) for split in ("train", "val", "test")]
    assert (len(found.codes), *sizes) == PRINTED[name]
    assert list(found.codes) == CODES[name].split()
    strict = load_split(name)
    assert [len(strict.part(split)) for split in ("train", "val", "test")] == sizes
    assert strict.part("test").records == found.part("test").records


def test_the_six_class_lists_have_106_columns_and_86_codes():
    codes = [code for name in SPLIT_SETS for code in load_split(name, "published").codes]
    assert (len(codes), len(set(codes))) == (106, 86)


@pytest.mark.parametrize(
    ("name", "face", "code", "positives"),
    [
        ("ptbxl_super", "strict", "NORM", (7596, 955, 963)),
        ("ptbxl_sub", "strict", "AVB", (658, 83, 82)),
        ("ptbxl_sub", "published", "ISC", (1019, 125, 128)),
        ("ptbxl_form", "strict", "PRC(S)", (8, 1, 1)),
        ("ptbxl_rhythm", "strict", "PACE", (237, 29, 28)),
        ("cpsc2018", "strict", "CRBBB", (1359, 141, 357)),
        ("csn", "published", "VB", (665, 82, 169)),
        ("csn", "published", "AF", (3383, 383, 987)),
        ("csn", "strict", "AF", (2391, 259, 690)),
        ("csn", "strict", "ST", (3720, 404, 1030)),
        ("csn", "strict", "JEB", (17, 3, 5)),
    ],
)
def test_positives_are_those_counted_in_the_published_files(name, face, code, positives):
    found = load_split(name, face)
    assert tuple(found.part(s).positives()[code] for s in ("train", "val", "test")) == positives


def test_published_columns_of_ptbxl_sub_are_permuted_but_the_same_by_name():
    published, strict = load_split("ptbxl_sub", "published"), load_split("ptbxl_sub")
    train = published.part("train")
    assert train.codes[9:13] == ("NORM", "AVB", "RAO/RAE", "ISC")
    assert strict.part("train").codes == strict.codes == published.codes
    by_name = train.by_code(strict.codes)
    assert np.array_equal(by_name, strict.part("train").labels)
    assert not np.array_equal(train.labels, by_name)


def test_csn_labels_change_in_the_rows_that_were_found_wrong():
    published, strict = load_split("csn", "published"), load_split("csn")
    assert "VB" not in strict.codes
    for split, changed in (("train", 2717), ("val", 328), ("test", 772)):
        part = strict.part(split)
        whole = published.part(split)
        differs = (whole.by_code(part.codes) != part.labels).any(axis=1)
        wrong_vb = whole.by_code(["VB"])[:, 0] == 1
        real_vb = {"train": 3, "val": 0, "test": 0}[split]
        assert changed - real_vb <= (differs | wrong_vb).sum() <= changed + real_vb
        assert (part.labels <= whole.by_code(part.codes)).all()  # whole words are substrings


@pytest.mark.parametrize("name", ["ptbxl_super", "ptbxl_sub", "ptbxl_form", "ptbxl_rhythm"])
def test_no_patient_of_ptbxl_is_in_two_parts(name):
    patients = [set(part.patients) for part in load_split(name).parts.values()]
    assert not patients[0] & patients[1] | patients[0] & patients[2] | patients[1] & patients[2]


@pytest.mark.parametrize("name", SPLIT_SETS)
def test_conditions_differ_within_a_set_and_are_mostly_in_the_vocabulary(name):
    conditions = load_split(name).conditions
    assert len(set(conditions)) == len(conditions)
    known = Vocabulary.load()
    assert [c for c in conditions if c not in known] == (["st tilt up"] if name == "csn" else [])


def test_a_part_is_written_as_a_truth_table_that_evaluation_reads(tmp_path):
    from cardiolex.evaluation.truth import read_truth

    part = load_split("ptbxl_super").part("test").chosen([0, 3])
    for record in part.records:
        (tmp_path / record).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{record}.hea").touch()
    write_truth(part, tmp_path / "truth.csv")
    with (tmp_path / "truth.csv").open() as file:
        assert next(csv.reader(file))[:3] == ["record", "patient", "hypertrophy"]
    table = read_truth(tmp_path / "truth.csv", tmp_path)
    assert table.patients == part.patients
    assert np.array_equal(table.labels, part.labels)


def test_names_of_the_papers_are_understood_and_others_refused():
    assert load_split("icbeb") is load_split("cpsc2018")
    with pytest.raises(CardiolexError, match="no split set 'mimic'; there are ptbxl_super"):
        load_split("mimic")
    with pytest.raises(CardiolexError, match="no face 'paper'"):
        load_split("csn", "paper")
    with pytest.raises(CardiolexError, match="no part 'dev'"):
        load_split("csn").part("dev")
    with pytest.raises(CardiolexError, match="'XYZ' is none of the classes"):
        load_split("csn").part("val").by_code(["XYZ"])
