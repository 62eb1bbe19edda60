"""The stages of a run. They talk to each other through the files of its folder only.

`all` is `interview` and then `report`; `verify` writes nothing, and neither does `plan` unless it
is asked to show the items.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from def_sim.app.capabilities import check_capabilities
from def_sim.app.definition import folder_of
from def_sim.app.event_log import write_event
from def_sim.app.found_runs import find_runs
from def_sim.app.home import home_folder, home_lines
from def_sim.app.interviewing import definition_of, hold_interviews
from def_sim.app.last_shard import report_if_last
from def_sim.app.opened_runs import open_run, require_manifest
from def_sim.app.panel_readings import panel_readings, why_not_judged
from def_sim.app.plan import make_plan
from def_sim.app.plan_counts import Plan
from def_sim.app.plan_lines import plan_lines
from def_sim.app.plan_load import load_lines
from def_sim.app.provenance import has_other_figures, record_run
from def_sim.app.received import read_stored_manifest
from def_sim.app.run import Run, create_engine, prepare_run
from def_sim.app.schema import RunConfig
from def_sim.app.sections import WantedPrecision
from def_sim.app.terminal import say, say_text
from def_sim.engines.shared.optional import HasFiles
from def_sim.errors import ConfigError, ModelError
from def_sim.interviews import Engine


def plan(config: RunConfig) -> int:
    """Prints what the run will ask, cost and need. Loads nothing; writes a codebook if asked to."""
    if config.rubric is not None:
        return _plan_verdicts(config)
    if config.show == "rephrasing":
        return _plan_rephrasing(config)
    given, finished = config, _finished_run(config)
    if finished is not None:
        config, _ = _stored_run(config)
    run = prepare_run(config)
    for line in plan_of(run)[1]:
        say(line)
    if given.power:
        _show_power(run, given.wanted, finished)
    if given.show == "items":
        _show_items(run)
    if given.show == "prompts":
        _show_prompts(run)
    return 0


def plan_of(run: Run) -> tuple[Plan, list[str]]:
    """What the run will ask, cost and need: counted, and in words, a line each."""
    folder = None
    try:
        engine = create_engine(run.config)
        check_capabilities(run, engine.capabilities)
        _check_files(engine)
        folder = folder_of(run, definition_of(run, engine))
        last = [f"folder        {folder}"]
    except ModelError as error:
        # A plan is made before the weights are fetched: what is missing is news, not an error.
        last = [f"not ready     {error.message}", f"  do:         {error.fix}"]
    made = make_plan(run)
    return made, [*plan_lines(run, made), *load_lines(run, made, folder), *_home_lines(), *last]


def _plan_verdicts(config: RunConfig) -> int:
    from def_sim.app.judging_stage import plan_verdicts  # what a plan of interviews has no use for

    return plan_verdicts(config)


def _plan_rephrasing(config: RunConfig) -> int:
    from def_sim.app.rephrasing_stage import plan_rephrasing  # what a plan of interviews has no use for

    return plan_rephrasing(config)


def _finished_run(config: RunConfig) -> Path | None:
    """The run whose own spread `power=true` plans with: one that is there and named by its folder."""
    if not config.power or config.run_folder is None:
        return None
    folder = Path(config.run_folder).expanduser()
    require_manifest(folder)
    return folder


def _show_power(run: Run, wanted: WantedPrecision, finished: Path | None) -> None:
    from def_sim.app.power_plan import power_lines  # statistics, which a plain plan has no use for

    for line in power_lines(run, wanted, finished):
        say(line)


def _home_lines() -> list[str]:
    home = home_folder()
    return home_lines(home) if home is not None else []


def _show_items(run: Run) -> None:
    from def_sim.app.codebook import show_items  # templates, which a plain plan has no use for

    for line in show_items(run):
        say(line)


def _show_prompts(run: Run) -> None:
    from def_sim.app.prompt_sheet import show_prompts  # a tokenizer, which a plain plan leaves alone

    for text in show_prompts(run):
        say_text(text)


def fetch(config: RunConfig) -> int:
    """Puts the model's files on this machine; no other stage uses a network for weights."""
    from def_sim.app.fetching import fetch_model  # what a plan or a report has no use for

    fetch_model(config)
    return 0


def _check_files(engine: Engine) -> None:
    """The machine that plans need not be the one that answers: its devices are not asked for."""
    if isinstance(engine, HasFiles):
        engine.check_files()
    else:
        engine.check()


def interview(config: RunConfig) -> int:
    """Asks everything that is not answered yet."""
    run, folder = hold_interviews(config)
    if config.num_shards == 1:
        _waits_for_judge(run, folder)
    return 0


def run_all(config: RunConfig) -> int:
    """Interview, then report. The default. Texts that wait for a judge have no report yet."""
    return report_held(config, *hold_interviews(config))


def report_held(config: RunConfig, run: Run, folder: Path, *, is_shown: bool = True) -> int:
    """The report of interviews that were held, if nobody else writes it and no text waits for a judge.

    Args:
        config: Of the command.
        run: As `hold_interviews` gives it.
        folder: Likewise.
        is_shown: Whether the short table is printed.
    """

    def end() -> int:
        if _waits_for_judge(run, folder):
            return 0
        return _report(run, folder, is_shown=is_shown, is_checked=config.num_shards == 1)

    return report_if_last(run, folder, end) if config.num_shards > 1 else end()


def _waits_for_judge(run: Run, folder: Path) -> bool:
    """Whether texts of the run have no reader yet; says then what comes next."""
    if run.strategy.needs_judge is None:
        return False
    from def_sim.app.read_panel import panel_answers  # statistics, which an interview has no use for

    waits = why_not_judged(run, folder, panel_answers(run, folder, is_checked=True))
    if waits is not None:
        say(f"next  {waits}")
    return waits is not None


def report(config: RunConfig) -> int:
    """Scores, figures and report.html from what is stored, finished or not; with `runs=` a comparison."""
    if config.runs is not None:
        return _compare(config.runs, config)
    config, folder = _stored_run(config)
    return _report(prepare_run(config), folder)


def _compare(patterns: Sequence[str], config: RunConfig) -> int:
    from def_sim.app.printed_comparison import print_comparison
    from def_sim.app.written_comparison import compare_runs

    folder = Path(config.output).expanduser() / "comparison"
    print_comparison(compare_runs(patterns, folder, baseline=config.baseline, verdicts=config.verdicts))
    return 0


def verify(config: RunConfig) -> int:
    """Recomputes everything from the raw answers and compares."""
    from def_sim.app.verification import verify_run

    config, folder = _stored_run(config)
    for line in verify_run(prepare_run(config), folder, read_stored_manifest(folder)):
        say(line)
    say(f"verified      {folder}")
    return 0


def calibrate(config: RunConfig) -> int:
    """Rectifies a run's shares with a sample of people, and weights its panel to margins."""
    from def_sim.app.calibrating import calibrate_run

    if config.sample is None and config.margins is None:
        raise ConfigError(
            "stage=calibrate needs sample=FILE, margins=FILE or both.",
            fix="Give a table of people, of margins, or both (docs/concepts/calibration.md).",
        )
    stored, folder = _stored_run(config)
    lines = calibrate_run(prepare_run(stored), folder, sample=config.sample, margins=config.margins)
    for line in lines:
        say(line)
    return 0


def audit(config: RunConfig) -> int:
    """Writes blind sheets of a judge's verdicts, or reads what people coded in them."""
    from def_sim.app.auditing import export_sheets, import_sheets
    from def_sim.app.verdict_sets import chosen_set

    stored, folder = _stored_run(config)
    run, one = prepare_run(stored), chosen_set(folder, config.audit.set)
    if config.export is not None:
        lines = export_sheets(run, folder, one, config.export, config.audit.per_stratum)
    else:
        lines = import_sheets(run, folder, one, config.imported or [])
    for line in lines:
        say(line)
    return 0


def export(config: RunConfig) -> int:
    """Writes what is stored as files of statistics programs, spreadsheets and LaTeX."""
    from def_sim.exports.formats import FORMATS, check_installed

    formats = config.formats or list(FORMATS)
    check_installed(formats)
    from def_sim.app.exporting import export_runs

    for line in export_runs(_exported(config), formats, config.export):
        say(line)
    return 0


def _exported(config: RunConfig) -> list[tuple[Run, Path]]:
    """The runs of stage=export, each with its folder."""
    if config.runs is None:
        stored, folder = _stored_run(config)
        return [(prepare_run(stored), folder)]
    return [(open_run(folder)[0], folder) for folder in find_runs(config.runs)]


def repair(config: RunConfig) -> int:
    """Sets lines aside that are damaged, foreign or doubled; shows them only, unless apply=true."""
    from def_sim.app.repairing import repair_run

    stored, folder = _stored_run(config)
    lines = repair_run(prepare_run(stored), folder, is_applied=config.apply, take_over=config.lease.take_over)
    for line in lines:
        say(line)
    return 0


def _report(run: Run, folder: Path, *, is_shown: bool = True, is_checked: bool = False) -> int:
    # pandas, the typesetter and the statistics load here, not for `plan` or an interview.
    from def_sim.app.printed_summary import print_summary
    from def_sim.app.reporting import write_report

    written = write_report(run, folder, read_stored_manifest(folder), is_checked=is_checked)
    if is_shown:
        print_summary(written)
    write_event("report_written", folder=folder)
    return 0


def _stored_run(config: RunConfig) -> tuple[RunConfig, Path]:
    """The run that stage=report, verify, audit, repair or calibrate is about.

    With `run_folder=` alone the configuration is the stored one; otherwise the command line
    names the run as it did for the interview.
    """
    if config.run_folder is not None:
        folder = Path(config.run_folder).expanduser()
        run, manifest = open_run(folder)
        config = run.config.model_copy(update=_of_command(config))
        if config.stage.name == "report" and has_other_figures(run, manifest):
            run = prepare_run(config)
            _refuse_unread(run, folder)
            record_run(run, folder, manifest["defines"], engine_facts=None)
        return config, folder
    # Not checked: a report needs neither a key nor a model that is still served.
    run, engine = prepare_run(config), create_engine(config)
    defines = definition_of(run, engine)
    folder = folder_of(run, defines)
    require_manifest(folder)
    if config.stage.name == "report":  # its figures or draws may be new
        _refuse_unread(run, folder)
        record_run(run, folder, defines, engine_facts=None)
    return config, folder


def _refuse_unread(run: Run, folder: Path) -> None:
    """Makes sure that a run can be scored before anything of it is written."""
    if run.strategy.needs_judge is not None:
        from def_sim.app.read_panel import panel_answers

        panel_readings(run, folder, panel_answers(run, folder, is_checked=True))  # the report checks


def _of_command(config: RunConfig) -> dict[str, Any]:
    """What a command says of itself, and not of the run that its folder names."""
    return {name: getattr(config, name) for name in ("run_folder", "stage", "verdicts", "figures")}
