"""Options that several commands share, with what their help says."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Recordings = Annotated[
    list[Path],
    Parameter(negative=(), help="Recording files, or folders to search for them."),
]
LeadsOnly = Annotated[
    str | None,
    Parameter(
        help='Use these leads only, e.g. "I,II"; limb leads are derived from I and II if possible.'
    ),
]
MeasuredLeads = Annotated[
    str | None,
    Parameter(help='Use these leads only, e.g. "I,II"; recordings that lack one are left out.'),
]
ModelFolder = Annotated[
    Path | None,
    Parameter(
        help="A checkpoint folder, or adapted, the bundled variant; by default the bundled model."
    ),
]
TruthTables = Annotated[
    list[Path],
    Parameter(
        negative=(),
        help="CSV tables: a column `record` with paths, then one 0/1 column per condition.",
    ),
]
ReportTables = Annotated[
    list[Path],
    Parameter(
        negative=(),
        help="CSV tables: columns `record` with paths and `report` with text; `patient` where "
        "known.",
    ),
]
RecordRoot = Annotated[Path, Parameter(help="Folder that the record paths start from.")]
Resamples = Annotated[
    int, Parameter(help="Bootstrap samples, by patient where patients are known.")
]
OutputFile = Annotated[Path | None, Parameter(help="Write to this file instead of the terminal.")]
