"""A language model over MIMIC-IV-ECG's number of reports: questions, seconds, memory, kill -9.

The model is a local server that answers at once from a table, so the figures are ours, not its.
"""

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from extract_speed import reports
from fast_model import FastModel
from measuring import Figure, main

STATEMENTS = 18


def table(path: Path, count: int, *, whole: bool = False) -> int:
    """Write `count` reports as MIMIC-IV-ECG does (`whole`: in one cell); returns statements."""
    texts = 0
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        columns = ["report"] if whole else [f"report_{n}" for n in range(STATEMENTS)]
        writer.writerow(["study_id", *columns])
        for report in reports(count):
            texts += len(report.texts)
            cells = [". ".join(report.texts)] if whole else report.texts
            writer.writerow([report.id, *cells, *[""] * (len(columns) - len(cells))])
    return texts


def command(source: Path, out: Path, model: FastModel, *more: str) -> list[str]:
    """The extraction of `source`, as a person would start it."""
    told = ["--extractor", "llm", "--url", model.url, "--model", "fast", "--no-mentions", *more]
    return [sys.executable, "-m", "cardiolex", "extract", str(source), str(out), *told]


def run(tokens: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of a command that has to end well."""
    start = time.perf_counter()
    process = subprocess.Popen(tokens, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(tokens)}: status {status}")
    return time.perf_counter() - start, used.ru_maxrss / 2**10


def killed(tokens: list[str], model: FastModel, after: int) -> None:
    """Start a command and kill it by signal 9 when so many questions have come."""
    process = subprocess.Popen(tokens, stdout=subprocess.DEVNULL)
    while model.asked() < after:
        if process.poll() is not None:
            raise SystemExit("ended before it could be killed")
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def measure(options: argparse.Namespace) -> list[Figure]:
    """Runs of several sizes; then one that is killed in the middle, against one that is not."""
    figures: list[Figure] = []
    sizes = (200, 800) if options.quick else (100_000, 800_000)
    wholes = (50, 200) if options.quick else (250, 1_000)
    for procedure, whole, counts in (
        ("kmerl", False, sizes),
        ("supreme", False, sizes),
        ("kmerl", True, wholes),
    ):
        figures += _sizes(procedure, whole, counts)
    return [*figures, *_kill(200 if options.quick else 4_000)]


def _sizes(procedure: str, whole: bool, counts: tuple[int, ...]) -> list[Figure]:
    figures = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder, FastModel() as model:
            source, out = Path(folder, "reports.csv"), Path(folder, "out")
            texts = table(source, count, whole=whole)
            more = ["--procedure", procedure, *(["--whole-reports"] if whole else [])]
            taken, peak = run(command(source, out, model, *more))
            unit = "whole reports" if whole else "reports"
            case = f"{procedure}, {count:,} {unit}, {texts:,} statements"
            note = f"{taken:.0f} s, {count / taken:,.0f} reports/s, peak {peak:.0f} MiB"
            figures.append(Figure("llm", case, model.asked(), "questions", note))
    return figures


def _kill(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, FastModel() as model, FastModel() as other:
        source = Path(folder, "reports.csv")
        out, whole = Path(folder, "killed"), Path(folder, "whole")
        table(source, count)
        run(command(source, whole, other))
        for share in (0.2, 0.5, 0.8):
            killed(command(source, out, model), model, int(share * other.asked()))
        run(command(source, out, model))
        files = [path for path in whole.iterdir() if path.suffix not in (".sqlite", "")]
        files = [path for path in files if path.name != "llm_requests.csv"]
        same = all(path.read_bytes() == (out / path.name).read_bytes() for path in files)
        case = f"kmerl, {count:,} reports, killed three times"
        note = (
            f"{other.asked()} without a kill; at most 16 are in flight when one is killed; "
            f"{len(files)} files {'equal' if same else 'DIFFER'}"
        )
        return [Figure("llm", case, model.asked(), "questions", note)]


if __name__ == "__main__":
    main(measure)
