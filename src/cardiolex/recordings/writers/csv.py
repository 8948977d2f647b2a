"""CSV with a column per lead, and a sidecar that says whose it is."""

import json
from pathlib import Path

from cardiolex.files import atomic_write, write_text
from cardiolex.recordings.recording import Recording


def write_csv(recording: Recording, stem: Path, deidentify: bool) -> None:
    """Write `stem`.json, then `stem`.csv: "# fs: 500", titles such as I_mV, a row per sample."""
    import pandas as pd

    facts = {
        "id": recording.id,
        "patient": recording.patient,
        "age": recording.age,
        "sex": recording.sex,
        "report": recording.report,
        "labels": list(recording.labels),
        "derived": [lead for lead in recording.leads if lead in recording.derived],
    }
    stated = {key: value for key, value in facts.items() if value not in (None, "", [])}
    unit = "_mV" if recording.unit_known else ""
    table = pd.DataFrame(recording.mv.T, columns=[f"{lead}{unit}" for lead in recording.leads])
    write_text(stem.with_name(f"{stem.name}.json"), json.dumps(stated, ensure_ascii=False) + "\n")
    with (
        atomic_write(stem.with_name(f"{stem.name}.csv")) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        file.write(f"# fs: {recording.fs:.12g}\n")
        table.to_csv(file, index=False, lineterminator="\n", float_format="%.7g")
