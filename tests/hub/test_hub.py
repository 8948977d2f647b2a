"""Models travel to a hub and back over HTTP; nothing but data does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub.fake_hub import FakeHub

from cardiolex.errors import CardiolexError
from cardiolex.hub import local_folder, push

THROUGH_THE_HUB = """
import sys
from cardiolex.hub import push, local_folder

folder, name = sys.argv[1:]
print(push(folder, name))
print(local_folder("hf://" + name))
print(local_folder(name))
try:
    local_folder("nobody/nothing")
except ValueError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def hub():
    server = FakeHub()
    yield server
    server.shutdown()


def test_a_model_goes_to_the_hub_and_comes_back(hub, model_folder, tmp_path):
    extra = tmp_path / "model"
    extra.mkdir()
    for path in Path(model_folder).rglob("*"):
        if path.is_file():
            target = extra / path.relative_to(model_folder)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    (extra / "run.py").write_text("print('executed')")
    (extra / "weights.pkl").write_bytes(b"x")
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "cache"),
        "HF_TOKEN": "hf_test",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_OFFLINE": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", THROUGH_THE_HUB, str(extra), "org/name"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    address, fetched, again, refused = done.stdout.strip().splitlines()
    assert address.startswith(hub.endpoint) and fetched == again
    assert refused.startswith("refused: nobody/nothing: no folder of this name")
    stored = hub.repositories["org/name"]
    assert "run.py" not in stored and "weights.pkl" not in stored
    whole = {
        str(path.relative_to(model_folder)): path.read_bytes()
        for path in Path(model_folder).rglob("*")
        if path.is_file()
    }
    assert {name: (Path(fetched) / name).read_bytes() for name in whole} == whole == stored


def test_a_folder_that_is_here_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert local_folder("org/name") == Path("org/name")
    assert local_folder(tmp_path / "none") == tmp_path / "none"
    assert local_folder("a/b/c") == Path("a/b/c")


def test_what_is_no_model_is_not_pushed(tmp_path):
    with pytest.raises(CardiolexError, match="is no model folder"):
        push(tmp_path, "org/name")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CardiolexError, match="organisation/name"):
        push(tmp_path, "../name")
    with pytest.raises(CardiolexError, match="organisation/name"):
        local_folder("hf://one-word")
