"""Names of the public data sets, for the command line."""

from typing import Literal

DataSet = Literal[
    "mimic-iv-ecg",
    "ptb-xl",
    "cpsc2018",
    "csn",
    "code-15",
    "georgia",
    "ludb",
    "sph",
    "ptb",
]
