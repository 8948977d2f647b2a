"""Small folders laid out as the public data sets publish theirs."""

import csv
import struct
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
MIMIC_LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")


def counts_of(seed: int, samples: int = 1000) -> np.ndarray:
    """Counts (12, T) that tell recordings and leads apart."""
    rng = np.random.default_rng(seed)
    waves = np.sin(np.arange(samples) / 25) * 300 + np.arange(1, 13)[:, None] * 20
    return (waves + rng.normal(0, 30, (12, samples))).astype("<i2")


def write_wfdb(
    stem: Path, counts: np.ndarray, fs: int = 500, comments=(), leads=LEADS, mat: bool = False
) -> None:
    """Header and signal file, plain or as the CinC challenges have it (`.mat` after 24 bytes)."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    ending, layout = (".mat", "16+24") if mat else (".dat", "16")
    lines = [f"{stem.name} 12 {fs} {counts.shape[1]}"]
    lines += [f"{stem.name}{ending} {layout} 1000/mV 16 0 0 0 0 {lead}" for lead in leads]
    lines += [f"#{comment}" for comment in comments]
    stem.with_suffix(".hea").write_text("\n".join(lines) + "\n")
    head = struct.pack("<5i", 30, 12, counts.shape[1], 0, 4) + b"val\0" if mat else b""
    stem.with_suffix(ending).write_bytes(head + counts.T.astype("<i2").tobytes())


def write_csv(path: Path, columns: list[str], rows: list[list]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def mimic_iv_ecg(root: Path) -> None:
    """Six studies of four people, one report of three words; aVF is stored before aVL."""
    reports = [
        (10000032, 40689238, ["Sinus rhythm", "Possible right atrial abnormality"]),
        (10000032, 44458630, ["Sinus rhythm", "Normal ECG"]),
        (10000117, 45090959, ["Sinus bradycardia.", "Otherwise normal EKG"]),
        (10000117, 48446569, ["Normal ECG except"]),  # three words: left out
        (10000248, 41420867, ["--- *** ATRIAL FIBRILLATION with rapid rate ***"]),
        (10000285, 40000001, ["Sinus rhythm", "NA", "Left axis deviation"]),
    ]
    statements = [f"report_{n}" for n in range(18)]
    columns = ["subject_id", "study_id", "cart_id", "ecg_time", *statements, "bandwidth"]
    table, listed = [], []
    for n, (subject, study, said) in enumerate(reports):
        path = f"files/p{str(subject)[:4]}/p{subject}/s{study}/{study}"
        write_wfdb(root / path, counts_of(n), leads=MIMIC_LEADS)
        said = said + [""] * (18 - len(said))
        table.append([subject, study, 1, "2180-07-23 08:44:00", *said, "0.005-150 Hz"])
        listed.append([subject, study, study, "2180-07-23 08:44:00", path])
    write_csv(root / "machine_measurements.csv", columns, table)
    list_columns = ["subject_id", "study_id", "file_name", "ecg_time", "path"]
    write_csv(root / "record_list.csv", list_columns, listed[::-1])  # another order


SCP = [
    ["NDT", "non-diagnostic T abnormalities", "1.0", "1.0", "", "STTC", "STTC"],
    ["NORM", "normal ECG", "1.0", "", "", "NORM", "NORM"],
    ["IMI", "inferior myocardial infarction", "1.0", "", "", "MI", "IMI"],
    ["1AVB", "first degree AV block", "1.0", "", "", "CD", "_AVB"],
    ["ABQRS", "abnormal QRS", "", "1.0", "", "", ""],
    ["SR", "sinus rhythm", "", "", "1.0", "", ""],
    ["AFIB", "atrial fibrillation", "", "", "1.0", "", ""],
]


def ptb_xl(root: Path) -> None:
    """Four records in three folds, at 500 and at 100 Hz."""
    columns = ["ecg_id", "patient_id", "age", "sex", "report", "scp_codes", "strat_fold"]
    rows = [
        [1, 15709.0, 56.0, 1, "sinusrhythmus", "{'NORM': 100.0, 'SR': 0.0}", 3],
        [8, 11275.0, 300.0, 0, "infarkt", "{'IMI': 35.0, 'ABQRS': 0.0, 'SR': 0.0}", 9],
        [9, 18792.0, 55.0, 0, "", "{'1AVB': 100.0, 'AFIB': 0.0}", 10],
        [10, 9456.0, 22.0, 1, "", "{'ABQRS': 0.0}", 10],
    ]
    for row in rows:
        number = f"{row[0]:05d}"
        for rate, short in ((500, "hr"), (100, "lr")):
            stem = f"records{rate}/00000/{number}_{short}"
            write_wfdb(root / stem, counts_of(row[0], 2 * rate), rate)
        row += [
            f"records{rate}/00000/{number}_{short}" for rate, short in ((100, "lr"), (500, "hr"))
        ]
    write_csv(root / "ptbxl_database.csv", [*columns, "filename_lr", "filename_hr"], rows)
    kinds = ["diagnostic", "form", "rhythm", "diagnostic_class", "diagnostic_subclass"]
    write_csv(root / "scp_statements.csv", ["", "description", *kinds], SCP)


def cpsc2018_native(root: Path) -> None:
    """Three recordings in two parts, and REFERENCE.csv."""
    for n, (folder, record) in enumerate(
        (("TrainingSet1", "A0001"), ("TrainingSet1", "A0002"), ("TrainingSet2", "A2300"))
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
        struct = {"sex": "Male", "age": 74, "data": counts_of(n) / 1000}
        savemat(root / folder / f"{record}.mat", {"ECG": struct})
    columns = ["Recording", "First_label", "Second_label", "Third_label"]
    rows = [["A0001", 5, "", ""], ["A0002", 1, "", ""], ["A2300", 2, 5, ""]]
    write_csv(root / "REFERENCE.csv", columns, rows)


def challenge(root: Path, records: dict[str, str]) -> None:
    """Records of CinC 2020/2021 by path, with their `#Dx`."""
    for n, (path, codes) in enumerate(records.items()):
        comments = ("Age: 71", "Sex: Female", f"Dx: {codes}", "Rx: Unknown")
        write_wfdb(root / path, counts_of(n), comments=comments, mat=True)


def code_15(root: Path) -> None:
    """Two parts of two exams each, zeros around the second; one exam more in the table."""
    columns = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey"
    rows = []
    for n, exam in enumerate((1169160, 2873686, 168405, 271011, 99)):
        flags = ["True" if n == place else "False" for place in range(6)]
        part = f"exams_part{n // 2}.hdf5"
        rows.append([exam, 38 + n, n % 2 == 0, 40.1, *flags, 523632 + n, "", "", n == 4, part])
    write_csv(root / "exams.csv", [*columns.split(","), "normal_ecg", "trace_file"], rows)
    for part in (0, 1):
        tracings = np.zeros((2, 1024, 12), np.float32)
        for row in (0, 1):
            tracings[row, 12:-12] = counts_of(2 * part + row).T / 500
        with h5py.File(root / f"exams_part{part}.hdf5", "w") as file:
            file["exam_id"] = np.array([rows[2 * part][0], rows[2 * part + 1][0]])
            file["tracings"] = tracings


def ludb(root: Path) -> None:
    """Two recordings with the headers' diagnoses."""
    said = (
        ("Rhythm: Sinus bradycardia.", "Electric axis of the heart: left axis deviation."),
        ("Rhythm: Atrial fibrillation.", "Scar formation: inferior wall.", "STEMI: septal."),
    )
    for n, lines in enumerate(said, 1):
        comments = ("<age>: 51", "<sex>: F", "<diagnoses>:", *lines)
        write_wfdb(root / "data" / str(n), counts_of(n), comments=comments)


def sph(root: Path) -> None:
    """Three recordings of two people."""
    columns = ["ECG_ID", "AHA_Code", "Patient_ID", "Age", "Sex", "N", "Date"]
    rows = [
        ["A00001", "22;23", "S00001", 55, "M", 1000, "2020-03-04"],
        ["A00002", "1", "S00002", 32, "F", 1000, "2019-09-03"],
        ["A00003", "50+346", "S00001", 55, "M", 1000, "2020-05-04"],
    ]
    write_csv(root / "metadata.csv", columns, rows)
    (root / "records").mkdir()
    for n, row in enumerate(rows):
        with h5py.File(root / "records" / f"{row[0]}.h5", "w") as file:
            file["ecg"] = (counts_of(n) / 1000).astype(np.float16)


def ptb(root: Path) -> None:
    """Two recordings of one patient."""
    for n, record in enumerate(("s0010_re", "s0014lre")):
        comments = (
            " age: 81",
            " sex: female",
            " Diagnose:",
            " Reason for admission: Myocardial infarction",
            " Acute infarction (localization): infero-latera",
            " Former infarction (localization): no",
        )
        stem = root / "patient001" / record
        write_wfdb(stem, counts_of(n, 2000), 1000, comments, [lead.lower() for lead in LEADS])


def ecg_like(seed: int, samples: int = 1000) -> np.ndarray:
    """Counts (12, T) of beats at random times: no two seeds are alike."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((12, samples))
    for peak in rng.uniform(0, samples, max(2, samples // 300)):
        shape = np.exp(-0.5 * ((np.arange(samples) - peak) / 12) ** 2)
        counts += rng.normal(0, 600, (12, 1)) * shape
    return counts.astype("<i2")
