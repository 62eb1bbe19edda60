"""stage=rephrase accept=FILE: drafts that reviewers say yes to become wordings that runs may ask.

A draft with a yes and without a no is taken. A no to a wording that was taken before withdraws it: it keeps
its number, and only a person who edits the file brings it back. All files of a command are taken, or none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from def_sim.app.publishing import publish, staged
from def_sim.app.rephrasing_calls import calls_folder, read_numbers
from def_sim.app.rephrasing_sheet import COLUMNS, NEEDED, SheetRow, sheet_row
from def_sim.app.rephrasing_work import load_items, named, required_home
from def_sim.app.review_sheets import Said, agreement_lines, read_rows, said_in
from def_sim.app.schema import RunConfig
from def_sim.csv_files import guarded
from def_sim.errors import ConfigError
from def_sim.surveys.added_wordings import (
    FOLDER,
    AddedWording,
    AddedWordings,
    Review,
    problem_of,
    read_added_wordings,
    source_of,
)
from def_sim.surveys.importers.documents import yaml_text
from def_sim.surveys.item_bank import Item
from def_sim.surveys.rephrase_rules import faults_of
from def_sim.surveys.survey import LoadedSurvey
from def_sim.yaml_files import read_validated


def accept_wordings(config: RunConfig, files: Sequence[str]) -> list[str]:
    """Takes what the sheets say yes to into the home; gives what was done, in lines.

    Args:
        config: Of the command: its survey and language are those of the sheets.
        files: Sheets of drafts that people filled in.

    Raises:
        DefSimError: A sheet is none, a row does not fit its item, or reviewers' rows contradict each other;
            nothing is written then.
    """
    home, loaded = required_home(), load_items(config)
    read = [row for path in files for row in read_rows(Path(path).expanduser(), COLUMNS, NEEDED)]
    rows = [sheet_row(row) for row in read]
    drafts = _one_each(rows, loaded)
    said = said_in(read, key={place: row.id for place, row in enumerate(rows)}, column="verdict")
    if not said:
        raise ConfigError(
            f"accept={', '.join(files)}: no row has a verdict.",
            fix="Write yes or no into the column verdict, and who says so into reviewer.",
        )
    of_id: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        of_id[one.key].append(one)
    lines, contents, num_asked = agreement_lines(said, config.seed), {}, 0
    for source in dict.fromkeys(source_of(row.item_id) for row in drafts):
        taking = _Taking(home, source, loaded)
        wordings = taking.take([row for row in drafts if source_of(row.item_id) == source], of_id)
        num_asked += sum(not one.withdrawn for one in wordings.wordings)
        lines += taking.lines
        if wordings.wordings:
            contents[f"{FOLDER}/{source}.{loaded.survey.language}.yaml"] = _content(wordings)
    _put(home, contents)
    return [*lines, *_last_lines(config, home, loaded, num_asked)]


def _one_each(rows: Sequence[SheetRow], loaded: LoadedSurvey) -> list[SheetRow]:
    """A row for each draft, in the survey's order, whoever reviewed it.

    Raises:
        SurveyFormatError: An item or base that is not the survey's; rows of one draft that differ.
    """
    found: dict[str, SheetRow] = {}
    for one in rows:
        assert one.row is not None
        item = loaded.items.get(one.item_id)
        if item is None:
            raise one.row.wrong(
                f"survey {loaded.survey.name} has no item {one.item_id!r:.80}",
                "Name the survey that the sheet is of: survey=..., population=... if it has another one.",
            )
        base = item.wordings[loaded.survey.language][0]
        if guarded(one.base) != guarded(base):
            raise one.row.wrong(
                f"base is not the base wording of {one.item_id} in {loaded.survey.language!r}",
                "Name the language of the sheet: language=...; an item that was reworded is drafted anew.",
            )
        if one.number < len(item.wordings[loaded.survey.language]):
            own = len(item.wordings[loaded.survey.language]) - 1
            raise one.row.wrong(f"number {one.number} is one of the item file's own, which has 0 to {own}")
        before = found.setdefault(one.id, one)
        if before.draft != one.draft:
            assert before.row is not None
            where = f"{before.row.path.name}, line {before.row.line}"
            raise one.row.wrong(f"the draft of {one.id} is another one than in {where}")
    places = {item_id: place for place, item_id in enumerate(loaded.items)}
    return sorted(found.values(), key=lambda row: (places[row.item_id], row.number))


@dataclass
class _Taking:
    """What is taken of one source.

    `lines`: what is said of it.
    """

    home: Path
    source: str
    loaded: LoadedSurvey
    lines: list[str] = field(default_factory=list)

    def take(self, drafts: Sequence[SheetRow], said: Mapping[str, Sequence[Said]]) -> AddedWordings:
        """The accepted wordings after the reviews."""
        before = read_added_wordings(self.home, self.source, self.language)
        entries = {one.id: one for one in before.wordings}
        asked = self._asked(entries)
        drafted = self._drafted()
        new = 0
        for row in drafts:
            if row.id in entries:
                entries[row.id] = self._reviewed_again(entries[row.id], row, said.get(row.id, ()))
                continue
            verdicts = said.get(row.id, ())
            if not verdicts or not all(one.is_yes for one in verdicts):
                continue
            item = self.loaded.items[row.item_id]
            entry = self._entry(item, row, verdicts, drafted)
            if problem := problem_of(entry, item, self.language, asked):
                self.lines.append(f"not taken     {row.id}: {problem}")
                continue
            self._tell_faults(item, row)
            entries[row.id] = entry
            asked[item.id][row.number] = row.draft
            new += 1
        self._withdraw_followers(entries)
        refused = sum(any(not one.is_yes for one in said.get(row.id, ())) for row in drafts)
        open_ = sum(not said.get(row.id) for row in drafts)
        self.lines.append(
            f"wordings      of {self.source} in {self.language!r}: {new:,} taken, {refused:,} with a no, "
            f"{open_:,} not judged"
        )
        return before.model_copy(update={"wordings": list(entries.values())})

    @property
    def language(self) -> str:
        """Of the sheets."""
        return self.loaded.survey.language

    def _asked(self, entries: Mapping[str, AddedWording]) -> dict[str, dict[int, str]]:
        items = self.loaded.items.values()
        asked = {item.id: dict(enumerate(item.wordings[self.language])) for item in items}
        for one in entries.values():
            if not one.withdrawn and one.item in asked:
                asked[one.item][one.number] = one.text
        return asked

    def _drafted(self) -> dict[str, tuple[str, str]]:
        """Wording -> its text as a model wrote it, and which."""
        folder = calls_folder(self.home, self.source, self.language)
        return {
            f"{call.item_id}#{number}": (guarded(text), call.asker.label)
            for call in read_numbers(folder)
            for number, text in zip(call.numbers, call.texts, strict=True)
        }

    def _entry(
        self, item: Item, row: SheetRow, said: Sequence[Said], drafted: Mapping[str, tuple[str, str]]
    ) -> AddedWording:
        text, label = drafted.get(row.id, ("", ""))
        if text and text != guarded(row.draft):
            self.lines.append(f"by hand       {row.id} was changed since {label} drafted it")
            label = ""
        return AddedWording(
            item=item.id,
            number=row.number,
            text=row.draft,
            base=item.wordings[self.language][0],
            drafted_by=label,
            reviews=_reviews(said),
        )

    def _reviewed_again(self, entry: AddedWording, row: SheetRow, said: Sequence[Said]) -> AddedWording:
        """What was taken before, with the newest word of each reviewer; a no withdraws it."""
        assert row.row is not None
        if entry.text != row.draft:
            raise row.row.wrong(
                f"{entry.id} was taken before with another text",
                "A number is never used again: give the new text one that is free.",
            )
        newest = {review.reviewer: review for review in (*entry.reviews, *_reviews(said))}
        has_no = any(not one.is_yes for one in said)
        if has_no and not entry.withdrawn:
            self.lines.append(f"withdrawn     {entry.id}; its number stays")
        return entry.model_copy(
            update={"reviews": list(newest.values()), "withdrawn": entry.withdrawn or has_no}
        )

    def _tell_faults(self, item: Item, row: SheetRow) -> None:
        labels = [option.labels[self.language] for option in item.options]
        base = item.wordings[self.language][0]
        if faults := faults_of(row.draft, base, language=self.language, labels=labels):
            self.lines.append(f"against rules {row.id}: {'; '.join(faults)}")

    def _withdraw_followers(self, entries: dict[str, AddedWording]) -> None:
        """A follow-up is asked in the wording of its first question only."""
        for item in self.loaded.items.values():
            for entry in [one for one in entries.values() if one.item == item.id and not one.withdrawn]:
                first = entries.get(f"{item.follow_up_of}#{entry.number}")
                if item.follow_up_of is not None and (first is None or first.withdrawn):
                    entries[entry.id] = entry.model_copy(update={"withdrawn": True})
                    self.lines.append(f"withdrawn     {entry.id}, since it follows {item.follow_up_of}")


def _reviews(said: Sequence[Said]) -> list[Review]:
    return [Review(reviewer=one.reviewer, verdict=one.is_yes, note=one.note) for one in said]


def _content(wordings: AddedWordings) -> bytes:
    content = wordings.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml_text(content | {"wordings": content.get("wordings", [])}).encode()


def _put(home: Path, contents: Mapping[str, bytes]) -> None:
    """Writes what changed, all of it or nothing, once it can be read back."""
    changed = {
        name: content
        for name, content in contents.items()
        if not ((home / name).is_file() and (home / name).read_bytes() == content)
    }
    if not changed:
        return
    with staged(home, changed) as folder:
        for name in changed:
            read_validated(folder / name, AddedWordings)
        publish(home, folder)


def _last_lines(config: RunConfig, home: Path, loaded: LoadedSurvey, num_asked: int) -> list[str]:
    command = f"{named(config, home)} wordings=all"
    return [
        f"asked         {num_asked:,} accepted wordings in {loaded.survey.language!r}, by wordings=all",
        f"next          def-sim {command} stage=plan",
    ]
