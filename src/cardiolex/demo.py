"""The tour: bundled real recordings read with twelve leads and with lead I alone."""

from __future__ import annotations

from pathlib import Path

from cardiolex.files import make_folder
from cardiolex.findings import Findings
from cardiolex.interpreter import Interpreter, load
from cardiolex.plots.ecg_paper import ecg_paper, save
from cardiolex.plots.page import Page, PageAnswer, PageRecord, PageRow, save_page
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import Sample, samples

MOST = 8  # findings shown per recording
SINGLE = ("I",)


def run(output: Path, model: Path | None = None) -> int:
    """Interpret every bundled recording; print the findings, write pictures and a page."""
    make_folder(output)
    interpreter = load(model)
    print(f"{interpreter.name}: research software, not a medical device\n")
    records = [_show(interpreter, sample, output) for sample in samples()]
    page = Page(
        title="cardiolex: findings on bundled real recordings",
        records=tuple(records),
        introduction=(
            "Real ECGs from public data sets, read by a model that was trained on simulated ECGs "
            "only. Beside each: what the data set says, and the model's answers with all leads "
            "and with lead I alone.",
        ),
        model=(interpreter.name, "Not a medical device."),
    )
    target = save_page(page, output / "findings.html")
    print(f"{len(records)} pictures in {output.resolve()}")
    print(f"page with all findings: {target.resolve()}")
    return 0


def _show(interpreter: Interpreter, sample: Sample, output: Path) -> PageRecord:
    recording = read(sample.path)
    every = interpreter.interpret(recording)
    single = interpreter.interpret(recording, leads=SINGLE)
    print(f"{recording.id} ({sample.dataset}): {sample.diagnosis}")
    print(f"  {len(every.leads)} leads: {_line(every)}")
    print(f"  lead I:   {_line(single)}")
    for warning in every.warnings:
        print(f"  ! {warning}")
    print()
    return PageRecord(
        title=f"{recording.id} ({sample.dataset})",
        subtitle=f"The data set says: {sample.diagnosis}",
        columns=(f"{len(every.leads)} leads", "lead I"),
        rows=_rows(every, single),
        picture=_picture(recording, every, output / f"{recording.id}.png"),
        picture_text=f"ECG {recording.id} on millimetre paper; speed and gain stand below it",
        warnings=every.warnings,
        notes=recording.notes,
    )


def _line(findings: Findings) -> str:
    named = [f"{row.condition} {row.probability:.2f}" for row in findings.positive()[:MOST]]
    return ", ".join(named) or "none of the asked conditions"


def _rows(every: Findings, single: Findings) -> tuple[PageRow, ...]:
    """The leading findings of either set of leads, most probable first."""
    shown = dict.fromkeys(
        row.condition for findings in (every, single) for row in findings.ranked()[:MOST]
    )
    return tuple(
        PageRow(
            condition,
            tuple(
                PageAnswer(findings[condition].probability, findings[condition].decision)
                for findings in (every, single)
            ),
            every[condition].seen,
        )
        for condition in shown
    )


def _picture(recording: Recording, findings: Findings, path: Path) -> bytes:
    lines = [_line(findings)]
    return save(ecg_paper(recording, findings=lines), path, dpi=127).read_bytes()
