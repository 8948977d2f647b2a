"""The documentation site: every page is in its navigation; its checks see what is broken."""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    """A script of the documentation, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(nav: list[dict[str, object]]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for value in entry.values():
            found += entries(value) if isinstance(value, list) else [str(value)]
    return found


def test_every_page_is_in_the_navigation_once() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = entries(settings["project"]["nav"])
    assert sorted(listed) == sorted(page.name for page in DOCS.glob("*.md"))


def test_nothing_is_fetched_from_elsewhere() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert settings["project"]["theme"]["font"] is False
    for picture in (DOCS / "images" / "systems").glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text and "<script" not in text


def test_pages_are_gathered_with_what_they_link_to(tmp_path: Path) -> None:
    script("build_site").gather(tmp_path)
    assert (tmp_path / "how-it-works.md").is_file()
    assert (tmp_path / "images" / "systems" / "kmerl.svg").is_file()
    card = tmp_path / "files" / "src" / "cardiolex" / "models" / "default" / "README.md"
    assert card.is_file()
    assert "(files/src/cardiolex/models/default/README.md" in (
        tmp_path / "bundled-model.md"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="gone.html">x</a>', "gone.html, which does not exist"),
        ('<a href="#nowhere">x</a>', "#nowhere, which has no such heading"),
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js"),
        ('<img src="gone.png">', "loads gone.png"),
        ('<h2 id="here"></h2><a href="#here">x</a><a href="https://arxiv.org">y</a>', ""),
    ],
)
def test_broken_links_and_foreign_files_are_found(tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "index.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    found = script("build_site").faults(tmp_path)
    assert len(found) == bool(fault)
    assert not fault or fault in found[0]


def test_the_diagrams_are_those_of_the_script() -> None:
    module = script("make_diagrams")
    drawn = {
        name: module.diagram(rows, meeting) for name, (rows, meeting) in module.DIAGRAMS.items()
    }
    kept = {p.stem: p.read_text(encoding="utf-8") for p in (DOCS / "images/systems").glob("*.svg")}
    assert kept == drawn
