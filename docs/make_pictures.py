"""Draw the documentation's pictures of simulated conditions: `python docs/make_pictures.py`."""

from pathlib import Path

from cardiolex.files import write_text
from cardiolex.plots.ecg_paper import ecg_paper, save
from cardiolex.simulation import Settings, simulate

CONDITIONS = (
    "normal ecg",
    "sinus bradycardia",
    "atrial fibrillation",
    "atrial flutter",
    "supraventricular tachycardia",
    "premature atrial complex",
    "premature ventricular complex",
    "ventricular bigeminy",
    "ventricular paced rhythm",
    "first degree av block",
    "second degree av block type i",
    "third degree av block",
    "wolff-parkinson-white syndrome",
    "complete right bundle branch block",
    "complete left bundle branch block",
    "left anterior fascicular block",
    "left ventricular hypertrophy",
    "right ventricular hypertrophy",
    "inferior myocardial infarction",
    "anteroseptal myocardial infarction",
    "myocardial ischemia",
    "early repolarization",
    "digitalis effect",
    "hyperkalemia",
)
FOLDER = Path(__file__).parent
SEED = 2026


def main() -> None:
    """Write one picture per condition and the page that shows them."""
    lines = [
        "# Simulated conditions",
        "",
        "One recording each, as `cardiolex.simulate(0, seed=2026, settings=Settings(require=…))`",
        "makes it; under each picture the report and the conditions that its criteria found.",
    ]
    for condition in CONDITIONS:
        example = simulate(0, seed=SEED, settings=Settings(require=condition))
        name = condition.replace(" ", "-")
        recording = example.recording
        save(ecg_paper(recording, title=condition), FOLDER / f"images/conditions/{name}.png")
        report = (recording.report or "").replace("\n", " ")
        lines += [
            "",
            f"## {condition}",
            "",
            f"![Simulated 12-lead ECG: {condition}](images/conditions/{name}.png)",
            "",
            f"Report: {report}",
            "",
            f"Present: {', '.join(sorted(example.present))}.",
        ]
    write_text(FOLDER / "simulated-conditions.md", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
