"""Report statements per second of one core's processor time, and memory over 800,000 reports.

Extraction computes and hardly waits, so processor time says what an idle core would take.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from measuring import Figure, main, peak_memory_mib

from cardiolex.reports import Rules
from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines
from cardiolex.reports.tables import Report, extract_table

UNIT = "statements/s of processor time"


def reports(count: int, seed: int = 0) -> Iterator[Report]:
    """Reports of 2 to 7 statements, drawn from the distinct ones of MIMIC-IV-ECG.

    Few statements make up most reports: the chance of the n-th most frequent goes as 1 / n.
    """
    random = Random(seed)
    statements = list(lines(MIMIC_STATEMENTS))
    random.shuffle(statements)
    weights = [1 / rank for rank in range(1, len(statements) + 1)]
    for start in range(0, count, 1000):
        for number in range(start, min(start + 1000, count)):
            drawn = random.choices(statements, weights, k=random.randint(2, 7))
            yield Report(str(number), tuple(drawn))


def processor_seconds(work: Callable[[], object], rounds: int = 1) -> float:
    """Median processor time of `work()`."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def measure(options: argparse.Namespace) -> list[Figure]:
    """Extract every distinct statement once, then tables of repeating statements."""
    rules = Rules()
    distinct = list(lines(MIMIC_STATEMENTS))

    def first_time() -> None:
        rules._known.clear()
        rules(distinct)

    once = len(distinct) / processor_seconds(first_time, rounds=3)
    figures = [Figure("extract", "every statement new", once, UNIT)]
    before = peak_memory_mib()
    for count in (20_000, 100_000) if options.quick else (100_000, 800_000):
        table = list(reports(20_000))
        texts = sum(len(report.texts) for report in table) * count // len(table)
        with tempfile.TemporaryDirectory() as folder:
            taken = processor_seconds(
                lambda folder=folder, count=count, table=table: extract_table(
                    _repeated(table, count),
                    Path(folder),
                    extractor=rules,
                    vocabulary=rules.vocabulary,
                    mentions=False,
                )
            )
        note = f"peak {peak_memory_mib():.0f} MiB, {before:.0f} MiB before the first report"
        case = f"{count:,} reports, labels written"
        figures.append(Figure("extract", case, texts / taken, UNIT, note))
    return figures


def _repeated(table: list[Report], count: int) -> Iterator[Report]:
    for number in range(count):
        yield Report(str(number), table[number % len(table)].texts)


if __name__ == "__main__":
    main(measure)
