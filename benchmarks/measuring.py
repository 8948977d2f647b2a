"""What all benchmarks share: rows of figures, honest timing, the machine they ran on."""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured figure."""

    benchmark: str
    case: str
    value: float
    unit: str
    note: str = ""


def seconds_of(work: Callable[[], object], *, rounds: int = 5, warm_up: int = 1) -> float:
    """Median wall-clock time of `work()`."""
    return interleaved({"work": work}, rounds=rounds, warm_up=warm_up)["work"]


def interleaved(
    works: dict[str, Callable[[], object]], *, rounds: int = 5, warm_up: int = 1
) -> dict[str, float]:
    """Median seconds of each work, taken in turn, so that a slow minute of the machine hits all."""
    for work in works.values():
        for _ in range(warm_up):
            work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def peak_memory_mib() -> float:
    """Largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def machine() -> dict[str, str | int | float]:
    """Processor, memory, load and the versions that matter."""
    found: dict[str, str | int | float] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
    }
    for name in ("cardiolex", "torch", "numpy", "scipy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def table(figures: list[Figure]) -> str:
    """Figures as a Markdown table."""
    lines = ["| benchmark | case | value | unit | note |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {f.benchmark} | {f.case} | {f.value:.4g} | {f.unit} | {f.note} |" for f in figures
    ]
    return "\n".join(lines)


def main(measure: Callable[[argparse.Namespace], list[Figure]], **options: object) -> None:
    """Run one benchmark from the command line; `options` are further arguments with defaults."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    for name, default in options.items():
        parser.add_argument(f"--{name}", default=default)
    chosen = parser.parse_args()
    figures = measure(chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(f) for f in figures], indent=2))
    print(table(figures))
