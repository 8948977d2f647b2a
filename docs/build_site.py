"""Build the documentation site: python docs/build_site.py [--output build/site].

The pages are copied with the pictures; files of the repository that they link to (the model card,
the annotation guideline, …) are copied beside them, so that every link works without a network.
Zensical builds the copy in strict mode, then every link of the built pages is checked; exit 1
if one is broken or something would be fetched from elsewhere.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


def gather(source: Path) -> None:
    """Copy the pages and all they link to, links rewritten, into `source`."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS / "images", source / "images")
    for css in DOCS.glob("*.css"):
        shutil.copy(css, source / css.name)
    done: set[Path] = set()
    waiting = sorted(DOCS.glob("*.md"))
    while waiting:
        page = waiting.pop()
        if page not in done:
            done.add(page)
            waiting += _copied(page, source)


def _place(file: Path) -> Path:
    """Where a file of the repository stands in the site's source."""
    return (
        file.relative_to(DOCS)
        if file.is_relative_to(DOCS)
        else Path("files") / file.relative_to(ROOT)
    )


def _copied(page: Path, source: Path) -> list[Path]:
    """Write one page; returns the pages that it links to and that must follow."""
    follow: list[Path] = []
    here = source / _place(page)

    def rewritten(match: "re.Match[str]") -> str:
        target, _, anchor = match.group(1).partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match.group(1)
        file = (page.parent / unquote(target)).resolve()
        if not file.is_file():
            return match.group(1)  # left as it is: the strict build names it
        if file.suffix == ".md":
            follow.append(file)
        elif not file.is_relative_to(DOCS / "images"):
            there = source / _place(file)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, there)
        path = os.path.relpath(source / _place(file), here.parent)
        return path + (f"#{anchor}" if anchor else "")

    here.parent.mkdir(parents=True, exist_ok=True)
    here.write_text(LINK.sub(rewritten, page.read_text(encoding="utf-8")), encoding="utf-8")
    return follow


class _Links(HTMLParser):
    """What a built page links to and loads, and the anchors that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in ("script", "img") and given.get("src"):
            self.loads.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loads.append(given["href"])


def faults(site: Path) -> list[str]:
    """Broken links, and what would be fetched from elsewhere."""
    pages = {page: _read(page) for page in site.rglob("*.html") if page.name != "404.html"}
    found = []
    for page, read in pages.items():
        name = page.relative_to(site)
        found += [f"{name} loads {target}" for target in read.loads if not _held(page, target)]
        for target in read.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            file = file / "index.html" if file.is_dir() else file
            known = pages.get(file)
            if not file.is_file():
                found.append(f"{name} links to {target}, which does not exist")
            elif parts.fragment and known and unquote(parts.fragment) not in known.anchors:
                found.append(f"{name} links to {target}, which has no such heading")
    return found


def _held(page: Path, target: str) -> bool:
    """Whether the site itself holds what a page loads."""
    parts = urlsplit(target)
    return not parts.netloc and (page.parent / unquote(parts.path)).is_file()


def _read(page: Path) -> _Links:
    links = _Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def main() -> int:
    """Build and check; the number of faults decides the exit status."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    site = parser.parse_args().output.resolve()
    source = site.parent / "site-source"
    gather(source)
    settings = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    settings = settings.replace('"docs"', f'"{source.name}"').replace(
        '"build/site"', f'"{site.name}"'
    )
    settings = settings.replace('["src"]', f'["{ROOT / "src"}"]')
    (site.parent / "zensical.toml").write_text(settings, encoding="utf-8")
    shutil.rmtree(site, ignore_errors=True)
    zensical = [str(Path(sys.executable).parent / "zensical"), "build", "--strict", "--clean"]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [*zensical, "-f", str(site.parent / "zensical.toml")], env=environment, check=False
    )
    if done.returncode:
        return done.returncode
    broken = faults(site)
    for fault in broken:
        print(fault, file=sys.stderr)
    print(f"{len(list(site.rglob('*.html')))} pages in {site}, {len(broken)} faults")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
