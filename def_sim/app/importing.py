"""`stage=import`: an institute's file becomes items, figures and surveys in the user's home.

An importer reads, `importers/documents` writes texts, `publishing` puts them into the home; here they are
read back by the readers of runs before they appear, and held against what is there.
"""

import inspect
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from def_sim import __version__
from def_sim.app.argument_checks import check_arguments
from def_sim.app.choices import ImporterChoice
from def_sim.app.home import home_folder
from def_sim.app.import_check import check_files, check_lines, checks_of
from def_sim.app.import_columns import columns_file
from def_sim.app.import_overrides import with_overrides
from def_sim.app.import_record import ImportRecord, check_replaced, digest, dropped, read_record, record_name
from def_sim.app.provenance import OF_IMPORT
from def_sim.app.publishing import publish, staged
from def_sim.app.schema import RunConfig
from def_sim.app.targets import resolve_target
from def_sim.app.terminal import say
from def_sim.errors import ConfigError
from def_sim.resources import data_folder, look_up
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.human_structure import read_structure
from def_sim.surveys.importers.contract import Imported, Importer, NothingTakenError
from def_sim.surveys.importers.documents import files_of, yaml_text
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.official_wordings import official_wordings_of
from def_sim.surveys.shown_options import items_of_source
from def_sim.surveys.survey import POPULATIONS, SurveyFile, read_country_names
from def_sim.temporary import remove_leftovers
from def_sim.yaml_files import read_validated

_EVERY_COUNTRY: Final = "all"
_CODE: Final = re.compile("[A-Z]{3}")
_FORCE: Final = "force"
_FILES: Final = ("mapping", "labels", "answers")  # parameters that name a file beside the source
_HOME: Final = "home"  # of a constructor that looks into the user's own folder
_SHARED: Final = "shared"  # stands in the importer's YAML and belongs to its version


def run_import(config: RunConfig) -> int:
    """Imports a source into the home, as a whole or not at all, and says what came and under which terms."""
    home = _home()
    assert config.importer is not None  # the schema has seen to it
    arguments = _arguments(config, config.importer)
    constructor = resolve_target(config.importer.target)
    given = {_HOME: home} if _HOME in inspect.signature(constructor).parameters else {}
    importer: Importer = constructor(**arguments, **given)
    try:
        imported = importer.read()
    except NothingTakenError as error:
        raise _written_down(home, error) from None
    checks = checks_of(imported, home)
    files, record = _files(imported, check_files(checks), config.importer.name, arguments)
    before = read_record(home, imported.record_as or imported.source)
    if not config.force:
        check_replaced(home, files, record, before)
    is_new = _put(home, imported, files, record, removed=dropped(files, before))
    for line in (*imported.summary, *check_lines(checks, home), *_said(home, imported, is_new=is_new)):
        say(line)
    return 0


def _home() -> Path:
    home = home_folder()
    if home is None:
        raise ConfigError(
            "stage=import writes into your home folder, and there is none.",
            fix="Make one, `mkdir my_home`, and add `home=my_home` to the command.",
        )
    return home


def _arguments(config: RunConfig, choice: ImporterChoice) -> dict[str, Any]:
    """What the importer's YAML says, and what the command gives in its place."""
    given = {name: getattr(config, name) for name in OF_IMPORT}
    _check_countries(config.countries or [])
    arguments = choice.arguments | {name: value for name, value in given.items() if value is not None}
    if config.force and _FORCE in inspect.signature(resolve_target(choice.target)).parameters:
        arguments[_FORCE] = True  # of importers that refuse a file which is known to be wrong
    check_arguments("", choice, given_by_app={_HOME}, arguments=arguments)
    return arguments


def _check_countries(given: Sequence[str]) -> None:
    """Every country is named by its code, since folders and later commands are."""
    known = read_country_names(data_folder(), home_folder())
    for one in given:
        if one in known or one == _EVERY_COUNTRY or _CODE.fullmatch(one):
            continue
        words = {code: {plain(word) for word in (code, *names.values())} for code, names in known.items()}
        meant = [code for code in known if {plain(one), plain(f"the {one}")} & words[code]]
        meant = meant or [code for code in known if code.startswith(one.upper())]
        raise ConfigError(
            f"countries: {one!r:.60} is no ISO alpha-3 code of a country.",
            fix=f"Give `countries=[{meant[0]}]`."
            if meant
            else "Give its three capital letters, as in `countries=[DEU]`.",
        )


def _written_down(home: Path, error: NothingTakenError) -> ConfigError:
    """The same error, once what it is about is in the home; what is there already stays."""
    new = {name: text.encode() for name, text in error.files.items() if not (home / name).exists()}
    if new:
        with staged(home, new) as folder:
            publish(home, folder)
    paths = ", ".join(str(home / name) for name in error.files)
    return ConfigError(error.message, fix=error.fix.replace("{files}", paths))


def _files(
    imported: Imported, checks: Mapping[str, bytes], importer: str, arguments: Mapping[str, Any]
) -> tuple[dict[str, bytes], ImportRecord]:
    files = {**files_of(imported), **checks}
    files |= columns_file(imported.record_as or imported.source, files)
    beside = ("source", _FORCE, _SHARED)
    parameters = {name: _said_of(name, value) for name, value in arguments.items() if name not in beside}
    record = ImportRecord(
        importer=importer,
        file=Path(str(arguments["source"])).name,
        file_sha256=imported.file_sha256,
        parameters=parameters,
        version=__version__,
        files={name: digest(content) for name, content in files.items()},
    )
    return files, record


def _said_of(name: str, value: Any) -> Any:
    """Of another file, its name and what is in it; where it lies is nobody's concern."""
    if name not in _FILES or value is None:
        return value
    path = Path(str(value)).expanduser()
    return f"{path.name}, SHA-256 {digest(path.read_bytes())}"


def _put(
    home: Path, imported: Imported, files: Mapping[str, bytes], record: ImportRecord, *, removed: list[str]
) -> bool:
    """Whether anything in the home changed."""
    content: dict[str, Any] = record.model_dump(mode="json")
    whole = {
        **files,
        record_name(imported.record_as or imported.source): yaml_text(content).encode(),
        **with_overrides(home, files, removed),
    }
    places = [home / name for name in whole]
    if not removed and all(
        path.is_file() and path.read_bytes() == text
        for path, text in zip(places, whole.values(), strict=True)
    ):
        remove_leftovers(home, now=time.time())  # of an import that was killed when its files were in place
        return False
    with staged(home, whole) as folder:
        _read_back(folder, home, imported)
        publish(home, folder, removed=removed)
    return True


def _read_back(folder: Path, home: Path, imported: Imported) -> None:
    """What a run could not read must not appear."""
    name = f"items/{imported.source}.yaml"
    items = folder / name if imported.items is not None else look_up(name, data_folder(), home)
    of_source = items_of_source(items, data_folder(), folder)
    for one in imported.populations:
        population = one.provenance.population
        read_reference(folder / f"references/{population}/{imported.source}.csv", of_source, population)
        if one.structure is not None:
            read_structure(folder / f"structure/{population}/{imported.source}.csv", population)
    for sentences in imported.official:
        official_wordings_of(of_source, sentences.language, folder)
    for survey in imported.surveys:
        read_validated(folder / f"surveys/{survey.name}.yaml", SurveyFile)


def _said(home: Path, imported: Imported, *, is_new: bool) -> list[str]:
    lines = [f"terms         {line}" for line in imported.terms]
    lines.append(f"imported      into {home}" if is_new else f"imported      {home} has all of it already")
    populations = [one.provenance.population for one in imported.populations]
    known = read_country_names(data_folder(), home)
    if nameless := [code for code in populations if code not in known]:
        how = f"add them to {home / POPULATIONS} before they are asked (docs/how_to/add_a_country.md)"
        meant = [code for code in known if code.startswith(nameless[0])]
        meant_more = f", if you did not mean {meant[0]}" if meant else ""
        lines.append(f"no name       of {', '.join(nameless)}: {how}{meant_more}")
    asked = [(survey.name, survey.population) for survey in imported.surveys]
    if not asked and imported.asked_by:
        asked = [(imported.asked_by, populations[0])]
    if asked:
        chosen = "survey={} population={}".format(*asked[-1])
        lines.append(f"next          def-sim home={home} {chosen} stage=plan")
    return lines
