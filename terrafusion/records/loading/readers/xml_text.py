"""Is an XML document whole, and did GDAL take all of it? It takes what it has read of one that breaks off for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.readers.base import Source
from terrafusion.words import counted

_MEMBERS = frozenset(("member", "featureMember", "featureMembers"))
_GML = "http://www.opengis.net/gml"


@dataclass
class Schema:
    """The names of the elements that a schema declares, ``alone`` where no other one of its kind declares more."""

    names: set[str] = field(default_factory=set)
    alone: bool = True

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "element":
            self.names.add(attributes.get("name", ""))
        elif _local(name) in {"include", "import"}:
            self.alone &= "opengis.net" in attributes.get("schemaLocation", "")


@dataclass
class Features:
    """What a GML document holds: how many features of each name, and the names of their values."""

    count: Counter[str] = field(default_factory=Counter)
    values: dict[str, set[str]] = field(default_factory=dict)
    with_schema: bool = False
    schema: Schema = field(default_factory=Schema)
    _open: list[str] = field(default_factory=list)
    _nested: set[tuple[str, str]] = field(default_factory=set)
    _shapes: dict[str, set[str]] = field(default_factory=dict)

    def compare(self, source: Source) -> None:
        """Raises ``LoadError`` where ``source`` has fewer features, or leaves out values that its schema does not
        name."""
        held = self.count.get(source.layer, source.rows)
        if held != source.rows:
            raise LoadError(
                f"{source.path.name} is damaged: it holds {counted(held or 0, 'feature')}, of which "
                f"{source.rows or 0:,} can be read. Ask for the file again."
            )
        named = {name for name in self.values.get(source.layer, ()) if (source.layer, name) not in self._nested}
        lost = sorted(named - set(source.columns))
        if self.with_schema and self.schema.alone:
            lost += sorted(self._shapes.get(source.layer, set()) - self.schema.names)
        if self.with_schema and lost:
            raise LoadError(
                f"{source.path.name} has values that its schema does not name: {', '.join(lost)}. Ask for the .xsd "
                "that belongs to it, or leave the .xsd away."
            )

    def start(self, name: str, attributes: object) -> None:
        self._open.append(name)
        depth = len(self._open)
        if depth > 1 and _local(self._open[-2]) in _MEMBERS:
            self.count[_local(name)] += 1
        elif depth > 2 and _local(self._open[-3]) in _MEMBERS and not name.startswith(_GML):
            self.values.setdefault(_local(self._open[-2]), set()).add(_local(name))
        elif depth > 3 and _local(self._open[-4]) in _MEMBERS:
            self._nested.add((_local(self._open[-3]), _local(self._open[-2])))
            if name.startswith(_GML) and not self._open[-2].startswith(_GML):
                self._shapes.setdefault(_local(self._open[-3]), set()).add(_local(self._open[-2]))

    def end(self, name: str) -> None:
        self._open.pop()


def check(path: Path, file: Path) -> Features:
    """Reads the document once, and its schema. Raises ``LoadError`` where either breaks off."""
    features = Features()
    parser = expat.ParserCreate(namespace_separator=" ")
    if file.suffix.lower() == ".gml":
        parser.StartElementHandler, parser.EndElementHandler = features.start, features.end
    _parse(path.name, parser, file)
    schema = file.with_suffix(".xsd")
    if features.count and schema.exists():
        features.with_schema = True
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = features.schema.start
        _parse(f"The schema {schema.name}", parser, schema)
    return features


def _parse(name: str, parser: expat.XMLParserType, file: Path) -> None:
    try:
        with file.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise LoadError(f"{name} is damaged: {error}. Ask for the file again.") from None


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
