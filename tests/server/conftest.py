"""The application over two real workers, and the server as a user starts it."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import partial

import pytest
from server_calls import LIMITS, Client

from cardiolex.recordings.samples import samples
from cardiolex.server.app import make_app
from cardiolex.server.crew import Crew
from cardiolex.server.desk import open_desk
from cardiolex.server.guards import Access


@pytest.fixture(scope="session")
def index_folder(model, model_folder, tmp_path_factory):
    """A search index of three bundled recordings."""
    from cardiolex.cli import build

    folder = tmp_path_factory.mktemp("index") / "index"
    paths = [str(sample.path) for sample in samples()[:3]]
    command = ["search", "build", *paths, "--output", str(folder), "--model", str(model_folder)]
    assert build()(command, exit_on_error=False) == 0
    return folder


@pytest.fixture(scope="session")
def crew(model_folder, index_folder):
    """Two workers with the small model."""
    crew = Crew(partial(open_desk, model_folder, index_folder, 1, LIMITS), 2, LIMITS)
    crew.about = crew.start()
    yield crew
    crew.close()


@pytest.fixture(scope="session")
def app(crew):
    """The application, open to anybody."""
    return make_app(crew, crew.about, Access(), LIMITS)


@pytest.fixture(scope="session")
def client(app):
    """Requests from anybody."""
    return Client(app)


@dataclass
class Served:
    """A server process, where it is and what it wrote."""

    process: subprocess.Popen
    url: str
    lines: list


def start_server(*options, environment=None):
    """`cardiolex serve` on a free port; its output is gathered as it comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cardiolex", "serve", "--port", "0", *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("serving "):
            threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
            return Served(process, line.split()[1], lines)
    raise AssertionError("".join(lines))


@pytest.fixture(scope="session")
def served(model_folder, index_folder):
    """The server as a user starts it."""
    server = start_server("--model", model_folder, "--index", index_folder)
    yield server
    server.process.terminate()
    server.process.wait(20)
