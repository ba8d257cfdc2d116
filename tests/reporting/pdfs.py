"""What tests ask of a PDF, by programs that did not write it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pdfua
import pikepdf
import pypdf


def text_of(path: Path) -> str:
    """All of the text, spaces and line breaks as one space."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split())


def check_accessible(path: Path, pages: int | None) -> list[str]:
    """Asserts that the file is sound and tagged as PDF/UA-1 wants it; the kinds of its structure elements.

    Syntax by qpdf; the title is shown, language and marks are set; every page leads into the structure, every structure
    element names its parent and a page that is there; figures have a text; heads of tables say what they are heads of;
    no level of headings is left out; ids are unique; fonts are embedded and tell their characters.
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
        _check_headings(kinds)
        _check_fonts(pdf)
        return kinds


def check_by_another(path: Path) -> None:
    """Asserts that another checker of PDF/UA-1 finds nothing either, such as content that is neither tagged nor an
    artifact. It takes some 60 ms a page."""
    assert [str(finding) for finding in pdfua.validate(str(path)).findings] == []


def _check_headings(kinds: list[str]) -> None:
    levels = [int(kind[2]) for kind in kinds if kind in ("/H1", "/H2", "/H3", "/H4", "/H5", "/H6")]
    assert all(then <= now + 1 for now, then in itertools.pairwise([0, *levels])), levels


def _check_fonts(pdf: pikepdf.Pdf) -> None:
    fonts: list[Any] = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary)]
    fonts = [font for font in fonts if font.get("/Type") == "/Font"]
    assert fonts
    for font in fonts:
        if font.Subtype == "/Type0":
            assert "/ToUnicode" in font
        elif font.Subtype != "/Type3":
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys()), font.BaseFont


def _walk(element: Any, parent: Any, places: set[Any], kinds: list[str], ids: list[str]) -> None:
    assert element.P.objgen == parent.objgen
    kind = str(element.S)
    kinds.append(kind)
    if "/Pg" in element:
        assert element.Pg.objgen in places
    if kind == "/Figure":
        assert str(element.Alt)
    if kind == "/TH":
        scopes = [str(attribute.Scope) for attribute in element.A if "/Scope" in attribute]
        assert scopes == ["/Column"]
    if "/ID" in element:
        ids.append(str(element.ID))
    children = element.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            _walk(child, element, places, kinds, ids)


def bookmarks(path: Path) -> list[str]:
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        return [str(item.title) for item in outline.root]
