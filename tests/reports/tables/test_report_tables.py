"""Tables of reports: reading, labels, statistics, audit page."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.reports import Vocabulary
from cardiolex.reports.extract import bundled_rules
from cardiolex.reports.tables import (
    ReportLabels,
    Skips,
    extract_table,
    findings_of,
    read_reports,
)
from cardiolex.reports.tables.seen import Seen

VOCABULARY = Vocabulary.load()


def mimic_folder(folder: Path, rows: list[dict[str, str]]) -> Path:
    columns = ["subject_id", "study_id", *(f"report_{n}" for n in range(18)), "rr_interval"]
    folder.mkdir(exist_ok=True)
    with (folder / "machine_measurements.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def run(source: Path, out: Path, **options: str) -> tuple[ReportLabels, Skips]:
    skips = Skips()
    extract_table(
        read_reports(source, skips=skips, **options),
        out,
        extractor=bundled_rules(),
        vocabulary=VOCABULARY,
        skips=skips,
    )
    return ReportLabels.load(out / "labels.npz"), skips


def column(labels: ReportLabels, name: str) -> list[float]:
    rows = labels.rows(range(len(labels)))
    return [float(value) for value in rows[:, labels.names.index(name)]]


def test_mimic_rows_are_joined_over_their_statements(tmp_path: Path) -> None:
    rows = [
        {"study_id": "1", "report_0": "Sinus rhythm", "report_1": "Possible LVH"},
        {"study_id": "2", "report_0": "Atrial fibrillation", "report_1": "LVH"},
        {"study_id": "2", "report_0": "Sinus rhythm"},
        {"study_id": "3", "report_0": "nan", "report_1": ""},
        {"study_id": "4", "report_0": "Possible LVH", "report_5": "LVH with strain"},
    ]
    labels, skips = run(mimic_folder(tmp_path / "mimic", rows), tmp_path / "out")
    assert labels.ids.tolist() == ["1", "2", "4"]
    assert column(labels, "atrial fibrillation") == [0, 1, 0]
    assert column(labels, "left ventricular hypertrophy") == pytest.approx(
        [np.nan, 1, 1], nan_ok=True
    )
    assert column(labels, "supraventricular arrhythmia") == [0, 1, 0], "a subtype sets superclasses"
    assert skips.counts == {"id was there before": 1, "no text": 1}


def test_ptbxl_and_other_tables(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        'ecg_id,report,scp_codes\n7,sinusrhythmus linkstyp,{}\n8,"trace, only normal",{}\n'
    )
    labels, _ = run(tmp_path / "p.csv", tmp_path / "a")
    assert labels.ids.tolist() == ["7", "8"]
    assert column(labels, "left axis deviation") == [1, 0]
    (tmp_path / "p.tsv").write_text("id\tmeine spalte\nx\tvorhofflimmern\n", encoding="utf-8")
    labels, _ = run(tmp_path / "p.tsv", tmp_path / "b", text="meine spalte")
    assert column(labels, "atrial fibrillation") == [1]
    (tmp_path / "p.jsonl").write_text(
        '{"id": 5, "report": ["Sinus rhythm", "LBBB"]}\nnot json\n{"id": 6, "report": null}\n'
    )
    labels, skips = run(tmp_path / "p.jsonl", tmp_path / "c")
    assert labels.ids.tolist() == ["5"]
    assert column(labels, "left bundle branch block") == [1]
    assert skips.counts == {"line is no JSON object": 1, "no text": 1}
    (tmp_path / "p.txt").write_text("Sinus rhythm\n\nAtrial flutter\n")
    labels, _ = run(tmp_path / "p.txt", tmp_path / "d")
    assert labels.ids.tolist() == ["1", "3"]
    assert column(labels, "atrial flutter") == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"PK\x03\x04binary", "binary"),
        ("a.csv", b"one,two\n1,2\n", "no column for the reports. It has one, two"),
        ("a.jsonl", b'{"x": 1}\n', "no column for the reports. It has x"),
        ("a.csv", b"id,report\n1,\n", "holds no report"),
    ],
)
def test_bad_files_are_clear_errors(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CardiolexError, match=message):
        run(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out" / "labels.npz").exists()


def test_missing_files_and_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(CardiolexError, match="no such file"):
        list(read_reports(tmp_path / "none.csv"))
    with pytest.raises(CardiolexError, match=r"has no machine_measurements\.csv"):
        list(read_reports(tmp_path))
    (tmp_path / "a.csv").write_text("id,report\n1,Sinus rhythm\n")
    with pytest.raises(CardiolexError, match=r"has no column 'befund'\. It has id, report"):
        list(read_reports(tmp_path / "a.csv", text="befund"))


def test_labels_make_the_round_trip(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Sinus rhythm, possible LVH\nAtrial flutter\nLBBB\n")
    labels, _ = run(tmp_path / "p.txt", tmp_path / "out")
    dense = labels.rows([0, 1, 2])
    matrix = labels.matrix().toarray()
    assert dense.shape == matrix.shape == (3, len(VOCABULARY))
    assert np.array_equal(matrix == 1, dense == 1)
    assert np.array_equal(matrix == -1, np.isnan(dense))
    expected = VOCABULARY.label_vector({"sinus rhythm"}, {"left ventricular hypertrophy"})
    assert np.array_equal(dense[0], expected, equal_nan=True)
    shuffled = labels.of(["3", "nobody", "1"], VOCABULARY)
    assert np.array_equal(shuffled[[0, 2]], dense[[2, 0]], equal_nan=True)
    assert np.isnan(shuffled[1]).all(), "a record without report has no labels"


def test_labels_survive_a_vocabulary_that_grew(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Atrial flutter\n")
    labels, _ = run(tmp_path / "p.txt", tmp_path / "out")
    rows = [*VOCABULARY.to_dict()["entity"], {"name": "brand new finding"}]
    grown = Vocabulary.from_dict({**VOCABULARY.to_dict(), "entity": rows})
    found = labels.of(["1"], grown)[0]
    assert found[grown.index["atrial flutter"]] == 1
    assert found[grown.index["sinus rhythm"]] == 0
    assert np.isnan(found[grown.index["brand new finding"]]), "nobody looked for it"


def test_a_reserved_normal_is_unknown() -> None:
    rules = bundled_rules()
    plain = findings_of([rules.extract("Normal ECG")], VOCABULARY)
    assert "normal ecg" in plain.present
    for texts in (["Otherwise normal ECG"], ["Normal ECG", "Left bundle branch block"]):
        findings = findings_of([rules.extract(text) for text in texts], VOCABULARY)
        assert "normal ecg" not in findings.present
        assert "normal ecg" in findings.unknown


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.marks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(v) for k, v in attrs if k in ("src", "href")]
        self.marks += [str(v) for k, v in attrs if tag == "mark" and k == "class"]


def test_the_audit_page_is_offline_safe_and_complete(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script> & "quoted"'
    (tmp_path / "p.txt").write_text(f"Possible LVH, no atrial flutter, {hostile}\nSinus rhythm\n")
    run(tmp_path / "p.txt", tmp_path / "out")
    text = (tmp_path / "out" / "audit.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags and not page.links
    assert {"present", "uncertain", "absent", "unaccounted"} <= set(page.marks)
    assert "&lt;script&gt;" in text
    for heading in ("Coverage", "Most frequent", "Not understood", "Findings in context"):
        assert heading in text


def test_statistics_count_mentions_not_texts(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("LVH, left ventricular hypertrophy\nlvh\nPossible RVH\n")
    run(tmp_path / "p.txt", tmp_path / "out")
    with (tmp_path / "out" / "statistics.csv").open() as handle:
        stages = {row["stage"]: int(row["count"]) for row in csv.DictReader(handle)}
    assert stages["records"] == stages["texts"] == 3
    assert stages["raw mentions"] == 4
    assert stages["unique wordings"] == 3
    assert stages["after certainty filter"] == 2
    assert stages["clusters"] == stages["mapped to the vocabulary"] == 1


def test_mentions_hold_spans_of_their_texts(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Sinus rhythm. Cannot rule out inferior infarct\n")
    run(tmp_path / "p.txt", tmp_path / "out")
    (line,) = (tmp_path / "out" / "mentions.jsonl").read_text().splitlines()
    (text,) = json.loads(line)["texts"]
    words = {m["name"]: text["text"][m["start"] : m["end"]] for m in text["mentions"]}
    assert words == {"sinus rhythm": "Sinus rhythm", "inferior myocardial infarction": "infarct"}


def test_names_are_remembered_in_little_memory() -> None:
    seen = Seen()
    assert all(seen.add(f"record {n}") for n in range(5000))
    assert not any(seen.add(f"record {n}") for n in range(5000))
    assert len(seen) == 5000


def test_reports_of_which_nothing_is_understood_get_no_labels(tmp_path: Path) -> None:
    rows = [
        "1,Sinus rhythm",
        "2,正常窦性心律",
        "3,Rythme irrégulier sans précision",
        "4,lbbb xyzzy",
    ]
    (tmp_path / "p.csv").write_text("id,report\n" + "\n".join(rows) + "\n", encoding="utf-8")
    labels, skips = run(tmp_path / "p.csv", tmp_path / "out")
    assert labels.ids.tolist() == ["1", "4"], "absent would be a guess for the others"
    ((reason, count),) = skips.counts.items()
    assert reason == "nothing understood, so no labels" and count == 2
    assert "正常窦性心律" in skips.examples[reason]
    page = (tmp_path / "out" / "audit.html").read_text(encoding="utf-8")
    assert "nothing understood" in page
    assert len((tmp_path / "out" / "mentions.jsonl").read_text().splitlines()) == 4


def test_what_is_no_utf_8_is_read_as_western_european(tmp_path: Path) -> None:
    mixed = "id,report\n1,Vorhofflimmern, schnelle Überleitung\n".replace(", s", " s")
    content = mixed.encode("cp1252") + "2,Rechtsschenkelblock für später\n".encode()
    (tmp_path / "p.csv").write_bytes(content)
    texts = [report.texts[0] for report in read_reports(tmp_path / "p.csv")]
    assert texts == ["Vorhofflimmern schnelle Überleitung", "Rechtsschenkelblock für später"]


def test_a_quotation_that_is_never_closed_swallows_nothing_silently(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text('id,report\n1,"AF, ""slow"""\n2,"LBBB\n3,RBBB\n4,LVH\n')
    labels, skips = run(tmp_path / "p.csv", tmp_path / "out")
    assert labels.ids.tolist() == ["1"]
    assert skips.counts == {"quotation mark that is never closed": 1}
    assert skips.examples["quotation mark that is never closed"].endswith("line 3")


def test_json_lines_may_lack_the_report(tmp_path: Path) -> None:
    lines = ['{"id": 1}', '{"id": 2, "report": "AF \\ud83d"}', '{"id": 3, "text": "LBBB"}', "{}"]
    (tmp_path / "p.jsonl").write_text("\n".join(lines) + "\n")
    labels, skips = run(tmp_path / "p.jsonl", tmp_path / "out")
    assert labels.ids.tolist() == ["2", "3"]
    assert skips.counts == {"line without the field of the report": 2}
    (tmp_path / "a.json").write_text('[\n{"id": 1, "report": "AF"}\n]\n')
    with pytest.raises(CardiolexError, match="is a JSON array"):
        run(tmp_path / "a.json", tmp_path / "b")


def test_a_text_of_a_million_characters_is_read(tmp_path: Path) -> None:
    long = "x" * 999_980 + ". LBBB"
    (tmp_path / "p.txt").write_text(f"{long}\n{long * 2}\nSinus rhythm\n")
    labels, skips = run(tmp_path / "p.txt", tmp_path / "out")
    assert labels.ids.tolist() == ["1", "3"]
    assert column(labels, "left bundle branch block") == [1, 0]
    assert skips.counts == {"more than 1,000,000 characters": 1}
