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
ModelFolder = Annotated[
    Path | None, Parameter(help="A checkpoint folder; the bundled model by default.")
]
