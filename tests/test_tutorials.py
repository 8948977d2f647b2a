"""Every tutorial runs: its code blocks, in order, in an empty folder, as a reader types them."""

import re
import shlex
from pathlib import Path

import pytest

from cardiolex.cli import main

DOCS = Path(__file__).parent.parent / "docs"
TUTORIALS = sorted(DOCS.glob("tutorial-*.md"))
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```$", re.M | re.S)


def run(page: Path) -> int:
    """Run the blocks of a page in the present folder; returns how many."""
    names: dict[str, object] = {"__name__": "tutorial"}
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    for language, code in blocks:
        if language == "python":
            exec(compile(code, page.name, "exec"), names)
            continue
        for line in code.splitlines():
            command, _, may_fail = line.partition(" || ")
            program, *words = shlex.split(command)
            assert program == "cardiolex" and may_fail in ("", "true"), line
            with pytest.raises(SystemExit) as ended:
                main(words)
            assert ended.value.code == (1 if may_fail else 0), line
    return len(blocks)


@pytest.mark.parametrize("page", [*TUTORIALS, DOCS / "quick-start.md"], ids=lambda page: page.stem)
@pytest.mark.timeout(300)
def test_the_blocks_run_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(page) >= 1


def test_there_is_a_tutorial_for_each_task() -> None:
    assert {page.stem.removeprefix("tutorial-") for page in TUTORIALS} == {
        "own-file",
        "pretrain",
        "table",
        "condition",
        "format",
    }


def test_a_tutorial_that_breaks_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "tutorial-x.md"
    page.write_text("```python\na = 1\n```\n\n```python\nassert a == 2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run(page)
    page.write_text("```bash\ncardiolex inspect not-there.hea\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run(page)
