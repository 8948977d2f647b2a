"""What a progress bar leaves behind."""

import subprocess
import sys

CODE = """
from cardiolex.cli.progress import progress_bar
with progress_bar("scoring") as progress:
    progress(1, 2)
    progress(2, 2)
"""


def test_nothing_reaches_a_stderr_that_is_no_terminal():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
