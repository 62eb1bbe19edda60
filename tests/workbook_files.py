"""Workbooks as spreadsheets write them: archives of a few XML parts."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CELLS = tuple[tuple[str | float, ...], ...]


def sheet(rows: CELLS) -> str:
    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    return f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def write_workbook(path: Path, *sheets: CELLS, hidden: int = 0, names: tuple[str, ...] = ()) -> Path:
    """A workbook of which the first `hidden` sheets are hidden; sheets are called S1, S2, ... or `names`."""
    numbers = range(1, len(sheets) + 1)
    state = ['state="hidden"' if number <= hidden else "" for number in numbers]
    entries = [
        f'<sheet name="{names[n - 1] if names else f"S{n}"}" sheetId="{n}" r:id="r{n}" {state[n - 1]}/>'
        for n in numbers
    ]
    links = [
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>' for n in numbers
    ]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f"<sheets>{''.join(entries)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f"{''.join(links)}</Relationships>",
        **{f"xl/worksheets/s{n}.xml": sheet(sheets[n - 1]) for n in numbers},
    }
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return path


def write_open_document(path: Path, rows: str) -> Path:
    """An .ods with one sheet of these rows, in its own XML."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    kinds = {kind: f'xmlns:{kind}="{names}:{kind}:1.0"' for kind in ("office", "table", "text")}
    table = f'<table:table table:name="S1">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", f'<manifest xmlns="{names}:manifest:1.0"/>')
        packed.writestr(
            "content.xml",
            f"<office:document-content {' '.join(kinds.values())}>{body}</office:document-content>",
        )
    return path
