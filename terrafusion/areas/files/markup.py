"""XML that nobody trusts: a document type may hold entities that grow without end or name other files."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from terrafusion.areas.errors import AreaError


def refuse_doctype(content: bytes) -> None:
    """Raises ``AreaError`` for a document type, and for what is not well-formed before the root element ends."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> NoReturn:
        raise AreaError("The KML has a document type (<!DOCTYPE ...>), which is not allowed: take that line out.")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except AreaError:
        raise
    except expat.ExpatError as error:
        raise AreaError(f"The KML is not well-formed XML: {error}.") from None
    except (LookupError, ValueError):
        raise AreaError("The KML's character encoding is not known.") from None
