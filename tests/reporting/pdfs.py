"""What tests ask of a PDF, by programs that did not write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pypdf


def text_of(path: Path) -> str:
    """All of the text, spaces and line breaks as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split())


def check_accessible(path: Path, pages: int | None) -> list[str]:
    """Asserts that the file is sound and tagged as PDF/UA-1 wants it; the kinds of its structure elements.

    Syntax by qpdf; the title is shown, language and marks are set; every page leads into the structure, every structure
    element names its parent and a page that is there; figures have a text; ids are unique.
    """
    with pikepdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
        root: Any = pdf.Root
        if pages is not None:
            assert len(pdf.pages) == pages
        assert str(root.Lang) == "en"
        assert bool(root.MarkInfo.Marked)
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        metadata = root.Metadata.read_bytes().decode()
        assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert f"<xmpTPg:NPages>{len(pdf.pages)}<" in metadata
        assert str(pdf.docinfo.Title)
        tree = root.StructTreeRoot
        numbers = list(tree.ParentTree.Nums)
        parents = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
        assert len(parents) * 2 == len(numbers)
        places = {page.obj.objgen for page in pdf.pages}
        for page in pdf.pages:
            assert int(page.obj.StructParents) in parents
        kinds: list[str] = []
        ids: list[str] = []
        _walk(tree.K[0], tree, places, kinds, ids)
        assert len(set(ids)) == len(ids)
        names = [str(name) for name in list(tree.get("/IDTree", {}).get("/Names", []))[::2]]
        assert names == sorted(ids, key=lambda text: text.encode())
        return kinds


def _walk(element: Any, parent: Any, places: set[Any], kinds: list[str], ids: list[str]) -> None:
    assert element.P.objgen == parent.objgen
    kind = str(element.S)
    kinds.append(kind)
    if "/Pg" in element:
        assert element.Pg.objgen in places
    if kind == "/Figure":
        assert str(element.Alt)
    if "/ID" in element:
        ids.append(str(element.ID))
    children = element.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            _walk(child, element, places, kinds, ids)


def bookmarks(path: Path) -> list[str]:
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        return [str(item.title) for item in outline.root]
