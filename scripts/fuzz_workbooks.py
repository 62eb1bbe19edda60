"""Workbooks to be damaged: an archive of XML, of which parts or the archive itself have something wrong."""

import io
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from fuzz_imports import folder, import_all
from fuzz_inputs import damaged
from hypothesis import strategies as st

from def_sim.errors import DefSimError
from def_sim.surveys.importers.files import opened
from def_sim.surveys.importers.table import Table

Parts = Mapping[str, bytes]

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OPEN: Final = "urn:oasis:names:tc:opendocument:xmlns"

# A form with the sheets `survey` and `choices`: what reads it reads a table and people, too.
_SURVEY: Final = (("type", "name", "label::English (en)"), ("select_one yes", "parks", "More <b>parks</b>?"))
_CHOICES: Final = (("list_name", "name", "label"), ("yes", "1", "Yes"), ("yes", "0", "No"))
_STRINGS: Final = tuple(dict.fromkeys(text for row in (*_SURVEY, *_CHOICES) for text in row))


def _sheet(rows: tuple[tuple[str, ...], ...]) -> bytes:
    lines = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{letter}{number}" t="s"><v>{_STRINGS.index(text)}</v></c>'
            for letter, text in zip("ABC", row, strict=True)
        )
        + f'<c r="D{number}" s="1"><v>45000.5</v></c><c r="E{number}" t="b"><v>1</v></c>' * (number > 1)
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    size = '<dimension ref="A1:E3"/>'
    return f'<worksheet xmlns="{_MAIN}">{size}<sheetData>{lines}</sheetData></worksheet>'.encode()


def _links(*targets: tuple[str, str]) -> bytes:
    links = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'.encode()


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


XLSX: Final[Parts] = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>'.encode(),
    "_rels/.rels": _links(("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="survey" sheetId="1" r:id="r1"/>'
        '<sheet name="choices" sheetId="2" r:id="r2"/></sheets></workbook>'
    ).encode(),
    "xl/_rels/workbook.xml.rels": _links(
        ("worksheet", "worksheets/s1.xml"),
        ("worksheet", "worksheets/s2.xml"),
        ("sharedStrings", "sharedStrings.xml"),
        ("styles", "styles.xml"),
    ),
    "xl/worksheets/s1.xml": _sheet(_SURVEY),
    "xl/worksheets/s2.xml": _sheet(_CHOICES),
    "xl/sharedStrings.xml": (
        f'<sst xmlns="{_MAIN}">{"".join(f"<si><t>{_escaped(text)}</t></si>" for text in _STRINGS)}</sst>'
    ).encode(),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="d.m.yy"/></numFmts>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'
    ).encode(),
}


_ONES: Final = (
    '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="2"/>'
)


def _open_sheet(name: str, rows: tuple[tuple[str, ...], ...]) -> str:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string">'
            f"<text:p>{_escaped(text)}</text:p></table:table-cell>"
            for text in row
        )
        + _ONES * (number > 1)
        + "</table:table-row>"
        for number, row in enumerate(rows, start=1)
    )
    return f'<table:table table:name="{name}">{cells}</table:table>'


ODS: Final[Parts] = {
    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": f'<manifest xmlns="{_OPEN}:manifest:1.0"/>'.encode(),
    "content.xml": (
        f'<office:document-content xmlns:office="{_OPEN}:office:1.0" xmlns:table="{_OPEN}:table:1.0" '
        f'xmlns:text="{_OPEN}:text:1.0"><office:body><office:spreadsheet>'
        f"{_open_sheet('survey', _SURVEY)}{_open_sheet('choices', _CHOICES)}"
        "</office:spreadsheet></office:body></office:document-content>"
    ).encode(),
}

# What readers of workbooks trip over: cells that cannot be or lie far off, numbers without end.
_CHANGES: Final = [
    (b'r="A1"', b'r="XFD1048576"'),
    (b'r="A2"', b'r="A0"'),
    (b'r="B2"', b'r="ZZZZZZ2"'),
    (b'r="B1"', b'r="B99999999999"'),
    (b'r="C1"', b'r=""'),
    (b'r="C1"', b'r="C9000"'),
    (b'r="2"', b'r="0"'),
    (b"A1:E3", b"A1:XFD1048576"),
    (b"<v>1</v>", b"<v>4294967296</v>"),
    (b"<v>1</v>", b"<v>-1</v>"),
    (b' s="1"', b' s="99999"'),
    (b"45000.5", b"1e308"),
    (b"45000.5", b"-1e9"),
    (b"45000.5", b"nan"),
    (b' t="b"', b' t="d"'),
    (b' t="s"', b' t="e"'),
    (b"d.m.yy", b"[h]:mm:ss"),
    (b'Target="', b'Target="../../../'),
    (b'repeated="2"', b'repeated="16384"'),
    (b'repeated="2"', b'repeated="4294967295"'),
    (b'repeated="2"', b'repeated="-1"'),
    (b"<table:table-row>", b'<table:table-row table:number-rows-repeated="2000">'),
    (b'value-type="float" office:value="1"', b'value-type="date" office:date-value="99999-99-99"'),
]


def _packed(parts: Parts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


@st.composite
def workbooks(draw: st.DrawFn, parts: Parts) -> bytes:
    """A workbook with other things in its parts, of which one may be damaged or missing, or its archive."""
    parts = dict(parts)
    for _ in range(draw(st.integers(1, 2))):
        old, new = draw(st.sampled_from(_CHANGES))
        for name in parts:
            parts[name] = parts[name].replace(old, new)
    name = draw(st.sampled_from(sorted(parts)))
    kind = draw(st.sampled_from(["as it is", "damaged", "missing", "archive"]))
    if kind == "damaged":
        parts[name] = draw(damaged(parts[name]))
    elif kind == "missing":
        del parts[name]
    content = _packed(parts)
    return draw(damaged(content)) if kind == "archive" else content


def try_workbook(content: bytes) -> None:
    """Imports it as a survey, and reads it as answers of people."""
    path = folder() / "book.xlsx"
    path.write_bytes(content)
    with suppress(DefSimError):
        import_all(Table(str(path), "town", ["USA"], 2026))
    with opened(path) as file:
        file.read(file.headers)
