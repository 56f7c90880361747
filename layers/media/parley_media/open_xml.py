"""The type of an OOXML document: that of its main part, which the package itself names (ECMA-376, part 2, 8 and 9)."""

import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from parley.domain.attachments.media_types import OPEN_XML
from parley_media.results import RefusedFile

_TYPES, _RELATIONS = "[content_types].xml", "_rels/.rels"
_MAIN_SUFFIX = ".main+xml"
_IS_MAIN = "/officeDocument"  # the end of a relationship's type; ISO/IEC 29500 and ECMA-376 differ in its beginning
_MAX_PART_BYTES = 1024 * 1024  # a workbook of 1,000 sheets has some 200 KB of types


def main_type(archive: zipfile.ZipFile) -> str | None:
    """Returns the type of the document, or None if its main part is missing or of a type that may not be attached."""
    parts = {entry.filename.lower(): entry for entry in archive.infolist()}
    if not {_TYPES, _RELATIONS} <= parts.keys():
        return None
    main = _main_part(_parsed(archive, parts[_RELATIONS]))
    if main not in parts or not parts[main].file_size:
        return None
    mime = _type_of_part(_parsed(archive, parts[_TYPES]), main).removesuffix(_MAIN_SUFFIX)
    return mime if mime in OPEN_XML else None


def _parsed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> ElementTree.Element:
    """Returns the root of a part; expat limits what entities may become, and the process what all may take (D-444)."""
    if entry.file_size > _MAX_PART_BYTES:
        raise RefusedFile("decompression_bomb")
    try:
        return ElementTree.fromstring(archive.read(entry))
    except ElementTree.ParseError:
        raise RefusedFile("damaged") from None


def _main_part(relations: ElementTree.Element) -> str:
    targets = (each.get("Target", "") for each in relations if each.get("Type", "").endswith(_IS_MAIN))
    return next(targets, "").lstrip("/").lower()


def _type_of_part(types: ElementTree.Element, part: str) -> str:
    """Returns the content type of a part: an `Override` names it, or the `Default` of its extension."""
    extension = part.rpartition(".")[2]
    return next(_named(types, "PartName", f"/{part}"), next(_named(types, "Extension", extension), ""))


def _named(types: ElementTree.Element, attribute: str, value: str) -> Iterator[str]:
    return (each.get("ContentType", "") for each in types if each.get(attribute, "").lower() == value)
