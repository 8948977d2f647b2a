"""Findings extracted from PTB-XL's reports against the record's SCP codes, code by code.

    python benchmarks/ptbxl_agreement.py ptbxl_database.csv [more.csv ...]

The codes were given by cardiologists and machines looking at the recording, the report is what was
written at the time: they may differ for good reasons. For every code the table tells what the
report says where the code stands (stated, uncertain, denied, nothing) and how often the report
states the finding without the code.
"""

import argparse
import ast
import csv
import sys
from collections import Counter, defaultdict
from pathlib import Path

from cardiolex.reports import Rules
from cardiolex.reports.tables import findings_of


def rows(paths: list[Path]) -> dict[str, tuple[str, frozenset[str]]]:
    """ecg_id -> original report and codes of any likelihood; a record counts once."""
    csv.field_size_limit(sys.maxsize)
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                codes = ast.literal_eval(row["scp_codes"])
                if row["report"].strip():
                    found.setdefault(row["ecg_id"], (row["report"], frozenset(codes)))
    return found


def compare(records: dict[str, tuple[str, frozenset[str]]]) -> dict[str, Counter[str]]:
    """Code -> counts of coded, stated, uncertain, denied, silent, and stated without the code."""
    rules = Rules()
    vocabulary = rules.vocabulary
    names = {
        code: set(vocabulary.from_code("scp", code))
        for code in {code for _, codes in records.values() for code in codes}
    }
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for report, codes in records.values():
        extraction = rules.extract(report.split("Edit:")[0])
        findings = findings_of([extraction], vocabulary)
        present = vocabulary.closure(findings.present)
        unknown = vocabulary.closure(findings.unknown) - present
        for code, meant in names.items():
            if code not in codes:
                counts[code]["only stated"] += bool(meant & present)
                continue
            counts[code]["coded"] += 1
            said = "stated" if meant & present else "uncertain" if meant & unknown else "silent"
            said = "denied" if said == "silent" and meant & extraction.absent else said
            counts[code][said if meant else "no name"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--least", type=int, default=20, help="leave out rarer codes")
    options = parser.parse_args()
    records = rows(options.tables)
    counts = compare(records)
    kinds = ("stated", "uncertain", "denied", "silent", "only stated")
    print(f"{len(records)} records\n")
    print("| code | coded | " + " | ".join(kinds) + " |\n|" + " ---: |" * (len(kinds) + 2))
    for code, row in sorted(counts.items(), key=lambda item: -item[1]["coded"]):
        if row["coded"] >= options.least:
            print(f"| {code} | {row['coded']} | " + " | ".join(str(row[k]) for k in kinds) + " |")
    total = sum(counts.values(), Counter())
    shares = ", ".join(f"{kind} {total[kind] / total['coded']:.1%}" for kind in kinds[:-1])
    print(f"\nall codes: {total['coded']}; {shares}")


if __name__ == "__main__":
    main()
