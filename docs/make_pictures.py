"""Draw the documentation's pictures of simulated conditions: `python docs/make_pictures.py`."""

from pathlib import Path

from cardiolex.files import write_text
from cardiolex.plots.ecg_paper import ecg_paper, save
from cardiolex.simulation import Settings, simulate

EXAMPLES = {  # condition: index of a recording that shows it plainly
    "normal ecg": 0,
    "sinus bradycardia": 0,
    "atrial fibrillation": 0,
    "atrial flutter": 0,
    "supraventricular tachycardia": 3,
    "premature atrial complex": 1,
    "premature ventricular complex": 26,
    "ventricular bigeminy": 18,
    "ventricular paced rhythm": 3,
    "first degree av block": 0,
    "second degree av block type i": 0,
    "third degree av block": 0,
    "wolff-parkinson-white syndrome": 20,
    "complete right bundle branch block": 0,
    "complete left bundle branch block": 2,
    "left anterior fascicular block": 0,
    "left ventricular hypertrophy": 0,
    "right ventricular hypertrophy": 7,
    "inferior myocardial infarction": 0,
    "anteroseptal myocardial infarction": 0,
    "myocardial ischemia": 36,
    "early repolarization": 54,
    "digitalis effect": 0,
    "hyperkalemia": 2,
}
FOLDER = Path(__file__).parent
SEED = 2026
DPI = 152.4  # 6 pixels per millimetre: every grid line falls on a pixel


def main() -> None:
    """Write one picture per condition and the page that shows them."""
    lines = [
        "# Simulated conditions",
        "",
        "One recording each, made by `cardiolex.simulate(index, seed=2026, "
        "settings=Settings(require=…))`",
        "with `Settings` from `cardiolex.simulation`; `python docs/make_pictures.py` draws them "
        "again.",
        "Under each picture stand the index, the report, the conditions that the",
        "[criteria](simulator.md#criteria) found, and how many they left open.",
    ]
    for condition, index in EXAMPLES.items():
        lines += example(condition, index)
    write_text(FOLDER / "simulated-conditions.md", "\n".join(lines) + "\n")


def example(condition: str, index: int) -> list[str]:
    """Draw one recording; return the lines of its section."""
    shown = simulate(index, seed=SEED, settings=Settings(require=condition))
    name = condition.replace(" ", "-")
    picture = FOLDER / f"images/conditions/{name}.png"
    save(ecg_paper(shown.recording, title=condition), picture, dpi=DPI)
    report = " ".join((shown.recording.report or "").split())
    return [
        "",
        f"## {condition}",
        "",
        f"![Simulated 12-lead ECG: {condition}](images/conditions/{name}.png)",
        "",
        f"Index {index}. Report: {report}",
        "",
        f"Present: {', '.join(sorted(shown.present))}. Left open: {len(shown.unknown)}.",
    ]


if __name__ == "__main__":
    main()
