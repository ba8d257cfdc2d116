"""Hooks of the documentation site (``properdocs.yml``): diagrams, links to the code, and the changelog.

Mermaid blocks become SVG while the site is built, so that a page needs no script and no network to show them; on a
code host the same blocks are drawn by the host.
"""

from __future__ import annotations

import re
from pathlib import Path

import mmdr
from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files

PROJECT = Path(__file__).resolve().parent.parent.parent
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OUTSIDE = re.compile(r"\]\((?:\.\./)+((?:terrafusion|gis_export|market_analysis|valuation|reporting|tests)/[^)]*)\)")


def on_files(files: Files, *, config: ProperDocsConfig) -> Files:
    """Add the changelog, which lies at the root of the repository, as a page."""
    text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
    files.append(File.generated(config, "changelog.md", content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Draw the diagrams, and show paths of the code as text: the site does not have the files that they link to."""
    numbers = iter(range(1, 100))
    rendered = _MERMAID.sub(lambda match: _figure(match[1], next(numbers)), markdown)
    return _OUTSIDE.sub("]", rendered)


def _figure(source: str, number: int) -> str:
    """One line of HTML, which Markdown leaves as it is; every diagram of a page has ids of its own."""
    svg = mmdr.render(source).svg().replace("merman", f"diagram-{number}").replace("\n", " ")
    return f'<figure class="diagram">{svg}</figure>'
