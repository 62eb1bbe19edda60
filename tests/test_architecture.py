"""Who may import whom, and what stays unloaded: read from the source, so that no import escapes."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from waiting import HANG_S

import def_sim

PACKAGE = Path(def_sim.__file__).parent
MODULES = {
    ".".join(("def_sim", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

# Open to everyone but the metrics, the nouns themselves and what reads answers.
OPEN = (
    "records", "errors", "randomness", "resources", "visible", "names",
    "text_files", "csv_files", "file_hashes", "yaml_nodes", "yaml_files", "processes", "holder", "temporary",
)  # fmt: skip
# Room or module -> what it may import besides itself and what is open. A more specific entry wins.
MAY_IMPORT = {
    "surveys": (),
    "surveys.importers": ("metrics.design", "metrics.halves", "metrics.item_metrics"),
    "surveys.rephrase_replies": ("answers.reading.strict_objects",),
    "respondents": (),
    "prompts": (),
    "answers.reading": (),
    "answers.storage": (),
    "engines": ("answers.reading.reasoning",),  # the marks that part a thought from the answer
    "engines.local.model": ("answers.reading.sections",),  # where an answer may stop
    "judging": ("prompts", "answers"),
    "strategies": (
        "prompts",
        "answers.reading.parse",
        "answers.reading.sections",
        "answers.reading.strict_objects",
        "respondents.memory",
    ),
    "questionnaire": ("answers.reading.sections", "respondents.memory", "prompts", "strategies.asking"),
    "interviews": ("questionnaire", "prompts", "answers.storage.store", "respondents.memory", "strategies"),
    "evaluation": (
        "surveys",
        "metrics",
        "judging.verdicts",
        "judging.verdict_sets",
        "judging.audit",
    ),
    "reports": ("evaluation",),
    "exports": (),
    "api": ("app", "evaluation", "reports", "answers.storage"),
}
# Room -> all that it may import.
STANDS_ON = {
    "records": (),
    "errors": (),
    "resources": (),
    "names": (),
    "visible": (),
    "yaml_nodes": (),
    "holder": (),
    "file_hashes": (),
    "temporary": ("holder",),
    "randomness": ("records",),
    "text_files": ("errors",),
    "processes": ("errors",),
    "csv_files": ("errors", "text_files", "visible"),
    "yaml_files": ("errors", "text_files", "yaml_nodes"),
    "metrics": ("randomness",),
}
WITH_HYDRA = ("app.composing", "app.main", "app.experiments", "app.sweep", "app.vocabulary")
HEAVY = ("torch", "transformers", "triton", "accelerate", "bitsandbytes", "anthropic", "openai")
FOR_REPORTS = ("pandas", "typst", "scipy", "pyarrow", "statsmodels", "sklearn")


class Import(ast.NodeVisitor):
    """The modules that a source file imports: `at_load` by importing it, `late` inside functions."""

    def __init__(self, tree: ast.AST) -> None:
        self.at_load: set[str] = set()
        self.late: set[str] = set()
        self._depth = 0
        self.visit(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_deeper(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_deeper(node)

    def _visit_deeper(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_If(self, node: ast.If) -> None:
        """What only a type checker imports is not loaded, but known all the same."""
        is_for_types = ast.unparse(node.test).endswith("TYPE_CHECKING")
        self._depth += is_for_types
        self.generic_visit(node)
        self._depth -= is_for_types

    def visit_Import(self, node: ast.Import) -> None:
        self._add(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        assert node.module is not None
        # `from def_sim.metrics import sample` imports the module def_sim.metrics.sample.
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        self._add([node.module, *(name for name in inner if name in MODULES)])

    def _add(self, names: Iterator[str] | list[str]) -> None:
        (self.late if self._depth else self.at_load).update(names)


@cache
def imports_of(module: str) -> Import:
    return Import(ast.parse(MODULES[module].read_text(encoding="utf-8")))


def ours(names: set[str]) -> set[str]:
    """Names inside the package, without its prefix; the bare package has a version, the API late."""
    return {name.removeprefix("def_sim.") for name in names if name.startswith("def_sim.")}


def is_within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def loaded_by(module: str) -> set[str]:
    """Every module, ours or not, that importing this one loads, following our own imports."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in MODULES:
            # A package's __init__ is loaded with any of its modules.
            parents = {name.rpartition(".")[0]} & MODULES.keys()
            waiting |= (imports_of(name).at_load | parents) - found
    return found


def modules_with_rules() -> list[str]:
    return [name for name in ours(set(MODULES)) if any(is_within(name, room) for room in MAY_IMPORT)]


@pytest.mark.parametrize("module", sorted(modules_with_rules()))
def test_a_room_knows_only_what_is_upstream(module: str) -> None:
    room = max((room for room in MAY_IMPORT if is_within(module, room)), key=len)
    house = module.split(".")[0]
    allowed = (*OPEN, room, *MAY_IMPORT[room], *((house, *MAY_IMPORT[house]) if house in MAY_IMPORT else ()))
    found = imports_of(f"def_sim.{module}")
    strangers = {
        name for name in ours(found.at_load | found.late) if not any(is_within(name, a) for a in allowed)
    }
    assert not strangers, f"{module} imports {sorted(strangers)}; it may import {allowed}"


# The same rules, as they are told --------------------------------------------------------------


def told() -> str:
    return (PACKAGE.parent / "docs/about/data_flow.md").read_text(encoding="utf-8")


def test_the_documentation_tells_these_rules() -> None:
    table = told().partition("| room | may import |\n|---|---|\n")[2].partition("\n\n")[0]
    found = {}
    for row in table.splitlines():
        rooms, allowed = row.strip("| ").split(" | ")
        names = set(re.findall(r"`([a-z_.]+)`", allowed.partition("; ")[0]))  # behind it: why, and what else
        found |= dict.fromkeys(re.findall(r"`([a-z_.]+)`", rooms), names)
    assert found.pop("app") == set()  # "everything"
    assert found == {room: set(allowed) for room, allowed in (MAY_IMPORT | STANDS_ON).items()}


def test_the_documentation_names_the_modules_that_import_hydra() -> None:
    [sentence] = re.findall(r"Hydra is imported in (.*?) only\.", told())
    paths = re.findall(r"`([a-z_/]+)\.py`", sentence)
    assert {path.replace("/", ".") for path in paths} == set(WITH_HYDRA)


def test_modules_that_the_documentation_names_are_there() -> None:
    modules = ours(set(MODULES))
    folders = {name.rpartition(".")[0] for name in modules}
    files = ("py", "csv", "json", "parquet")
    dotted = set(re.findall(r"`([a-z_0-9]+(?:\.[a-z_0-9]+)+)", told()))
    named = {n for n in dotted if n.split(".")[0] in folders and n.split(".")[-1] not in files}
    # Of what stands behind a folder's name a module, of what stands behind a module's one of its functions.
    gone = {name for name in named - modules if name.rpartition(".")[0] not in modules - folders}
    assert len(named) > 20
    assert not gone


def room_of(module: str) -> str:
    """The folder of a module; what lies in none of ours is a room by itself."""
    folder = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    return module if folder == "def_sim" else folder


def test_between_any_two_rooms_imports_go_one_way() -> None:
    """Late imports and those for types count, too; a folder within a folder is a room of its own."""
    imported_by: dict[str, set[str]] = {}
    for module in MODULES:
        found = imports_of(module)
        rooms = {room_of(name) for name in (found.at_load | found.late) & MODULES.keys()} - {"def_sim"}
        imported_by.setdefault(room_of(module), set()).update(rooms - {room_of(module)})
    TopologicalSorter(imported_by).prepare()  # raises CycleError, with the rooms of the circle


def test_every_module_falls_under_a_rule() -> None:
    known = (*MAY_IMPORT, *OPEN, "answers", "metrics", "app", "__main__")
    strangers = {name for name in ours(set(MODULES)) if not any(is_within(name, room) for room in known)}
    assert not strangers, f"say in this table what {sorted(strangers)} may import"


@pytest.mark.parametrize("room", sorted(STANDS_ON))
def test_what_is_open_to_everyone_and_the_metrics_stand_on_next_to_nothing(room: str) -> None:
    allowed = (room, *STANDS_ON[room])
    for module in (name for name in ours(set(MODULES)) if is_within(name, room)):
        found = imports_of(f"def_sim.{module}")
        strangers = {
            name for name in ours(found.at_load | found.late) if not any(is_within(name, a) for a in allowed)
        }
        assert not strangers, f"{module} imports {sorted(strangers)}"


def test_reports_draw_nothing_by_chance() -> None:
    for module in MODULES:
        if is_within(module, "def_sim.reports"):
            found = imports_of(module)
            assert not {"randomness"} & ours(found.at_load | found.late), module


@pytest.mark.parametrize("module", sorted(name for name in MODULES if is_within(name, "def_sim.evaluation")))
def test_what_is_computed_needs_no_page_no_configuration_and_no_run(module: str) -> None:
    loaded = ours(loaded_by(module))
    assert not {
        name for name in loaded if any(is_within(name, room) for room in ("reports", "app", "answers"))
    }


def test_reading_answers_needs_the_records_only() -> None:
    loaded = ours(loaded_by("def_sim.answers.reading.parse"))
    assert {name for name in loaded if not is_within(name, "answers")} == {"records"}
    assert "answers.storage.store" not in loaded


def test_only_the_api_imports_the_app_and_nobody_the_api() -> None:
    for module in MODULES:
        found = ours(imports_of(module).at_load | imports_of(module).late)
        on_top = module == "def_sim.__main__" or is_within(module, "def_sim.api")
        if not on_top and not is_within(module, "def_sim.app"):
            assert not {name for name in found if is_within(name, "app")}, module
        if module != "def_sim" and not is_within(module, "def_sim.api"):
            assert not {name for name in found if is_within(name, "api")}, module


def test_hydra_stays_where_commands_are_read() -> None:
    with_hydra = {
        name
        for name in MODULES
        if {one.split(".")[0] for one in imports_of(name).at_load | imports_of(name).late}
        & {"hydra", "omegaconf"}
    }
    assert ours(with_hydra) == set(WITH_HYDRA)


def test_only_engines_load_a_model_library() -> None:
    for module in MODULES:
        if not is_within(module, "def_sim.engines"):
            found = imports_of(module)
            roots = {name.split(".")[0] for name in found.at_load | found.late}
            assert not roots & set(HEAVY), module


@pytest.mark.parametrize(
    "module",
    [
        "def_sim.app.main",
        "def_sim.app.stages",
        "def_sim.app.run",
        "def_sim.app.definition",
        "def_sim.engines.local.engine",
        "def_sim.engines.scripted",
        "def_sim.engines.anthropic_api",
        "def_sim.engines.openai_server",
        "def_sim.interviews",
        "def_sim.strategies.diversity_enhanced",
        "def_sim.strategies.single",
    ],
)
def test_what_a_plan_needs_loads_no_model_library_and_no_statistics(module: str) -> None:
    roots = {name.split(".")[0] for name in loaded_by(module)}
    assert not roots & {*HEAVY, *FOR_REPORTS}


def test_what_a_report_needs_loads_no_model_library() -> None:
    for module in ("def_sim.app.reporting", "def_sim.app.verification", "def_sim.reports.pages.report_page"):
        assert not {name.split(".")[0] for name in loaded_by(module)} & set(HEAVY)


IMPORTED = """
import sys
before = set(sys.modules)
import def_sim
dir(def_sim), def_sim.__version__
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(loaded - sys.stdlib_module_names))
"""


def test_importing_the_package_loads_nothing_but_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert (done.stdout, done.stderr) == ("['def_sim']\n", "")


PLAN = """
import sys
import def_sim.app.main as main
code = main.main(sys.argv[1:])
heavy = {heavy!r}
print("loaded:", sorted(name for name in heavy if name in sys.modules), "code:", code)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["stage=plan", "model=mistral7b", "survey=cn"], ["stage=plan", "model=claude"]]
)
def test_a_light_command_leaves_the_heavy_libraries_alone(words: list[str], tmp_path: Path) -> None:
    code = PLAN.format(heavy=(*HEAVY, *FOR_REPORTS))
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=HANG_S
    )
    assert done.stdout.splitlines()[-1:] == ["loaded: [] code: 0"], done.stderr
    assert not any(tmp_path.iterdir())  # it writes nothing, either
