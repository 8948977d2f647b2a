"""The application over two real workers, and the server as a user starts it."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest

from cardiolex.recordings.samples import FOLDER, samples
from cardiolex.server.app import make_app
from cardiolex.server.crew import Crew
from cardiolex.server.desk import open_desk
from cardiolex.server.guards import Access
from cardiolex.server.limits import Limits

LIMITS = Limits(
    upload_mib=4, longest_s=120.0, rate_per_s=1000.0, conditions=40, work_s=60.0, wait_s=120.0
)


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


@dataclass
class Client:
    """Requests to an application in this process."""

    app: object
    base: str = "http://127.0.0.1"
    headers: dict = field(default_factory=dict)

    def request(self, method, path, **given):
        return self.together([(method, path, given)])[0]

    def get(self, path, **given):
        return self.request("GET", path, **given)

    def post(self, path, **given):
        return self.request("POST", path, **given)

    def together(self, requests):
        """Responses to requests that are all under way at once."""

        async def send():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, headers=self.headers, timeout=60
            ) as client:
                asked = (client.request(method, path, **more) for method, path, more in requests)
                return await asyncio.gather(*asked)

        return asyncio.run(send())


@pytest.fixture(scope="session")
def client(app):
    """Requests from anybody."""
    return Client(app)


def upload(*names, folder=FOLDER):
    """Files of the samples as a form carries them."""
    paths = [folder / name for name in names]
    return [("files", (path.name, path.read_bytes())) for path in paths]


ONE = ("ptb-xl/00010_hr.hea", "ptb-xl/00010_hr.dat")


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
def served(model_folder):
    """The server as a user starts it."""
    server = start_server("--model", model_folder)
    yield server
    server.process.terminate()
    server.process.wait(20)


def problem_of(response, status):
    """The problem that a response must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = json.loads(response.text)
    assert body["status"] == status
    assert body["detail"]
    return body
