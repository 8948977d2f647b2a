"""Run all benchmarks, print one table and write it with the machine's description.

    python benchmarks/run.py [--quick] [--output benchmarks.json] [NAME ...]

Each benchmark runs in its own process, so that peak memory is its own. Exit status 1 if one failed;
the others are finished and written all the same.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from measuring import Figure, machine, table

NAMES = (
    "read_speed",
    "simulate_speed",
    "train_speed",
    "systems_speed",
    "methods_speed",
    "interpret_speed",
    "extract_speed",
    "serve_load",
    "prepare_speed",
)
HERE = Path(__file__).parent


def run(name: str, quick: bool) -> list[Figure] | None:
    """The figures of one benchmark; None if it failed (its message goes to stderr)."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "figures.json"
        command = [sys.executable, str(HERE / f"{name}.py"), "--json", str(result)]
        done = subprocess.run(
            command + ["--quick"] * quick, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"{name} failed:\n{done.stderr}", file=sys.stderr)
            return None
        return [Figure(**row) for row in json.loads(result.read_text())]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure cardiolex on this machine.")
    parser.add_argument("names", nargs="*", help=f"among {', '.join(NAMES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    parser.add_argument("--output", type=Path, default=Path("benchmarks.json"))
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose among {', '.join(NAMES)}")
    about = machine()
    found = {name: run(name, options.quick) for name in options.names or NAMES}
    figures = [figure for part in found.values() for figure in part or ()]
    failed = [name for name, part in found.items() if part is None]
    plain = {"machine": about, "failed": failed, "figures": [asdict(f) for f in figures]}
    options.output.write_text(json.dumps(plain, indent=2) + "\n")
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    print(table(figures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
