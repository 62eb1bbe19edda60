"""Works as BibTeX. The same works give the same text.

What an institute or a file of a stranger wrote is escaped: it ends no entry and is no command. Knows no run.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from def_sim.surveys.citations import Citation
from def_sim.visible import visible

# `software` is known to biblatex alone; all styles know `misc`.
_KINDS: Final = {"article": "article", "misc": "misc", "software": "misc"}
# Braces as commands: escaped ones would still be counted, and end a field.
_LATEX: Final = {
    "\\": "\\textbackslash{}",
    "{": "\\textbraceleft{}",
    "}": "\\textbraceright{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_"},
}


def bibtex(works: Mapping[str, Citation]) -> str:
    """One entry a work, in their order.

    Args:
        works: Key -> work; keys are letters, digits and underscores.
    """
    return "\n".join(_entry(key, work) for key, work in works.items())


def _entry(key: str, work: Citation) -> str:
    fields = {
        "author": _names(work.authors),
        "editor": _names(work.editors),
        "title": f"{{{_escaped(work.title)}}}",  # a second brace keeps capitals
        "journal": _escaped(work.journal),
        "volume": _escaped(work.volume),
        "number": _escaped(work.number),
        "pages": _escaped(work.pages),
        "publisher": _escaped(work.publisher),
        "year": "" if work.year is None else str(work.year),
        "version": _escaped(work.version),
        "doi": _address(work.doi),
        "url": _address(work.url),
        "note": _escaped(work.note),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{_KINDS[work.kind]}{{{key},", *lines, "}", ""])


def _names(names: Sequence[str]) -> str:
    """Persons as they are; an organisation in braces, so that it is not parted into names."""
    return " and ".join(
        _escaped(name) if "," in name and " and " not in name else f"{{{_escaped(name)}}}" for name in names
    )


def _escaped(words: str) -> str:
    plain = " ".join(visible(words, keeps="\n\t").split())
    return "".join(_LATEX.get(letter, letter) for letter in plain)


def _address(address: str) -> str:
    """Addresses are taken as they are by BibTeX; ours hold nothing that would end a field."""
    return address if not set(address) & set("{}\\%\n") else ""
