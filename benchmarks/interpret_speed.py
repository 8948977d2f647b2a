"""Interpretation: latency, recordings per second and peak memory for 1, 3 and 12 leads."""

import argparse
import time

from measuring import Figure, interleaved, main, peak_memory_mib

from cardiolex.interpreter import load
from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import sample_paths

CONDITIONS = (
    "atrial fibrillation",
    "sinus bradycardia",
    "first degree av block",
    "left bundle branch block",
    "right bundle branch block",
    "left ventricular hypertrophy",
    "anterior myocardial infarction",
    "inferior myocardial infarction",
    "premature ventricular complex",
    "normal ecg",
)
LEADS = {"1 lead": ("I",), "3 leads": ("I", "II", "V2"), "12 leads": None}


def measure(options: argparse.Namespace) -> list[Figure]:
    """Ask ten conditions of bundled real recordings with the bundled model (or `--model`)."""
    start = time.perf_counter()
    model = load(options.model or None)
    figures = [Figure("interpret", "loading the model", time.perf_counter() - start, "s")]
    whole = read(next(path for path in sample_paths() if path.suffix == ".hea"))
    recording = whole.crop(0.0, 10.0)
    many = [recording] * (8 if options.quick else 32)
    for label, leads in LEADS.items():
        rounds = 5 if options.quick else 15
        taken = interleaved(
            {
                "one": lambda leads=leads: model.interpret(recording, CONDITIONS, leads=leads),
                "many": lambda leads=leads: list(
                    model.interpret_many(many, CONDITIONS, leads=leads)
                ),
            },
            rounds=rounds,
        )
        figures += [
            Figure("interpret", f"{label}, one recording", 1000 * taken["one"], "ms"),
            Figure("interpret", f"{label}, batched", len(many) / taken["many"], "recordings/s"),
        ]
    figures.append(Figure("interpret", "peak memory", peak_memory_mib(), "MiB"))
    return figures


if __name__ == "__main__":
    main(measure, model="")
