"""A hook of MkDocs: files that lie at the root are pages of the site too, with their links mended.

So the README is its first page, and neither changelog, contributing nor results exist twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "results.md",
}
REPOSITORY = "https://github.com/jupyter-capture/jupyter-capture/blob/main"
_OURS = set(PAGES.values())
_LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#|mailto:)([^)#\s]+)")


def on_config(config: Any) -> Any:
    """Results are there only once something was measured."""
    there = {page for source, page in PAGES.items() if (ROOT / source).exists()}
    config.nav = _known(config.nav, there | (_pages(config.nav) - _OURS))
    return config


def on_files(files: Files, config: Any) -> Files:
    for source, page in PAGES.items():
        path = ROOT / source
        if path.exists():
            content = mended(path.read_text(), Path(source).parent)
            files.append(File.generated(config, page, content=content))
    for plot in sorted((ROOT / "benchmarks" / "results").glob("*.svg")):
        files.append(File.generated(config, f"results/{plot.name}", content=plot.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Pages of docs/ may link to a file beside docs/, as it is right in the repository."""
    if page.file.src_uri in PAGES.values():
        return markdown
    return _LINK.sub(lambda found: f"{found[1]}({_from_docs(found[2])}", markdown)


def mended(text: str, folder: Path) -> str:
    """The page with its links as they are from docs/."""
    return _LINK.sub(lambda found: f"{found[1]}({_target(found[2], folder)}", text)


def _pages(nav: Any) -> set[str]:
    if isinstance(nav, str):
        return {nav}
    parts = nav.values() if isinstance(nav, dict) else nav
    return {page for part in parts for page in _pages(part)}


def _known(nav: list[Any], there: set[str]) -> list[Any]:
    """The navigation without pages that are not there."""
    kept = []
    for entry in nav:
        if isinstance(entry, dict):
            ((title, below),) = entry.items()
            if isinstance(below, list):
                entry = {title: _known(below, there)}
        if _pages(entry) & there:
            kept.append(entry)
    return kept


def _target(link: str, folder: Path) -> str:
    path = (folder / link).as_posix()
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("benchmarks/results/"):
        return path.removeprefix("benchmarks/")
    return f"{REPOSITORY}/{path}"


def _from_docs(link: str) -> str:
    if not link.startswith("../"):
        return link
    return _target(link.removeprefix("../"), Path())
