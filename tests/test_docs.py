"""The documentation quotes files, commands and names that exist."""

import ast
import importlib
import re
import shlex
from pathlib import Path

import pytest

from cardiolex.cli import build
from cardiolex.recordings.quality import _WORDS
from cardiolex.simulation import CONDITIONS

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INDENTED = re.compile(r"(?<=\n\n)((?: {4}\S.*\n)+)")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
APP = build()
GROUPS = {  # commands with commands below them, which may do something by themselves as well
    name
    for name in APP
    if not name.startswith("-") and any(not below.startswith("-") for below in APP[name])
}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [code for name, code in FENCE.findall(text) if name == language]


def command_lines(page: Path) -> list[str]:
    """Whole command lines of code blocks, from the word after `cardiolex` on."""
    lines = [line for block in INDENTED.findall(prose(page)) for line in block.splitlines()]
    for language in ("", "bash", "sh", "console", "text"):
        lines += [line for block in blocks(page, language) for line in block.splitlines()]
    lines = (line.removesuffix(" || true") for line in lines)  # may end with status 1
    calls = (re.match(r"(?:\$ )?(?:torchrun .* -m )?cardiolex (.*)", ln.strip()) for ln in lines)
    return [call[1].split(" # ")[0] for call in calls if call]


def inline(page: Path) -> list[str]:
    return INLINE.findall(prose(page))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pages
def test_command_lines_parse(page: Path) -> None:
    for line in command_lines(page):
        build().parse_args(shlex.split(line), exit_on_error=False, print_error=False)


def test_a_wrong_command_line_does_not_parse() -> None:
    for line in ("nonsense x", "inspect x --no-such-option 1", "evaluate zero-shot t.csv"):
        with pytest.raises(Exception, match=r".+"):
            build().parse_args(shlex.split(line), exit_on_error=False, print_error=False)


@pages
def test_commands_named_in_the_text_exist(page: Path) -> None:
    for code in inline(page):
        if not code.startswith("cardiolex "):
            continue
        words = shlex.split(code)[1:]
        if words[0].startswith("-"):
            continue
        app = build()[words[0]]
        if words[0] in GROUPS and len(words) > 1 and app.default_command is None:
            app[words[1]]


def test_options_named_in_the_text_exist() -> None:
    known = {option for command in commands() for option in options(command)}
    for page in PAGES:
        for code in inline(page):
            if not code.startswith(("--", "cardiolex ")):
                continue  # another program's
            for option in re.findall(r"(?:^|\s)(--[a-z][\w.-]*)", code):
                assert option in known or option == "--help", f"{page.name}: {option}"


def commands() -> list[list[str]]:
    app = build()
    names = [name for name in app if not name.startswith("-")]
    nested = [[group, name] for group in GROUPS for name in app[group] if not name.startswith("-")]
    alone = [[name] for name in names if name not in GROUPS or app[name].default_command]
    return alone + nested


def options(command: list[str]) -> list[str]:
    app = build()
    for name in command:
        app = app[name]
    return [name for argument in app.assemble_argument_collection() for name in argument.names]


@pages
def test_python_compiles_and_its_imports_exist(page: Path) -> None:
    for code in blocks(page, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                for name in node.names:
                    importlib.import_module(name.name)
            elif isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, name.name) for name in node.names), node.module
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "clx":
                resolve(node.attr)


@pages
def test_package_names_exist(page: Path) -> None:
    for code in inline(page):
        name = re.match(r"(?:clx|cardiolex)((?:\.\w+)+)", code)
        if name:
            resolve(name[1].removeprefix("."))


def resolve(dotted: str) -> object:
    """The object cardiolex.`dotted`: modules as far as they go, attributes from there on."""
    found: object = importlib.import_module("cardiolex")
    done = "cardiolex"
    for part in dotted.split("."):
        done = f"{done}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            found = importlib.import_module(done)
    return found


def first_cells(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]


def test_every_condition_of_the_simulator_has_a_criterion() -> None:
    told = "; ".join(first_cells("simulator.md"))
    missing = [name for name in CONDITIONS if name not in expanded(told)]
    assert not missing


def expanded(cells: str) -> set[str]:
    """Names in "anterior, septal myocardial infarction; x": a noun stands for all before it."""
    names: set[str] = set()
    for cell in cells.split(";"):
        parts = [part.strip() for part in cell.split(",")]
        noun = next((n for n in (" myocardial infarction", " ischemia") if cell.endswith(n)), "")
        names |= {part if part.endswith(noun) else part + noun for part in parts}
    return names


def test_every_quality_flag_is_explained() -> None:
    explained = {cell.strip("`") for cell in first_cells("recordings.md")}
    assert {*_WORDS, "missing", "short", "no beats", "einthoven", "arm leads reversed"} <= explained


def test_the_pictures_are_those_of_the_script() -> None:
    page = (ROOT / "docs" / "simulated-conditions.md").read_text(encoding="utf-8")
    shown = re.findall(r"^## (.+)$", page, re.M)
    assert len(shown) >= 20
    assert set(shown) <= set(CONDITIONS)
    pictures = {path.stem for path in (ROOT / "docs/images/conditions").glob("*.png")}
    assert pictures == {name.replace(" ", "-") for name in shown}
