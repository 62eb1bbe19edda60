"""The questionnaires and people's shares that Liu et al. 2025 released, as surveys `def_us` and `def_cn`.

Users bring their own copy; no wording of it is in this package. Shares have no number of people.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.file_hashes import hash_file
from def_sim.records import Dimension, MeasurementLevel, QuestionType, ReferenceQuality
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.contract import GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.def_release_figures import ReleasedShares, read_shares, read_topic_groups
from def_sim.surveys.importers.def_release_questions import ReleasedQuestion, read_questions
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.item_bank import NO_DIMENSION, Item, ItemFile
from def_sim.surveys.survey import SurveyFile

_CITATION: Final = (
    "Liu, H. et al. (2025). Towards realistic evaluation of cultural value alignment in large language "
    "models: Diversity enhancement for survey response simulation. Information Processing & Management "
    "62(4), 104099"
)


@dataclass(frozen=True)
class _Release:
    """Where the files of one country lie in the release, and what its published code knows of them."""

    source: str
    title: str
    language: str
    country: str  # in place of `[COUNTRY]`
    questions: str
    shares: tuple[str, ...]
    folder: str
    several: Mapping[int, int]  # questions that take several options -> how many; 0: all


_RELEASES: Final = {
    "USA": _Release(
        source="def_us",
        title="Liu et al. 2025, United States",
        language="en",
        country="United States",
        questions="English_questionaires.txt",
        shares=("usa_ref_score_all.csv", "en_ref_score_all.csv"),
        folder="US_survey",
        several={7: 5, 8: 0, 304: 0, 305: 0},
    ),
    "CHN": _Release(
        source="def_cn",
        title="Liu et al. 2025, China",
        language="zh",
        country="中国",
        questions="Chinese_questionaires.txt",
        shares=("zh_ref_score_all.csv", "cn_ref_score_all.csv"),
        folder="CN_survey",
        several={
            **dict.fromkeys((8, *range(210, 214), 227, 228, *range(430, 434), 447, 471, 513), 0),
            7: 5,
        },
    ),
}
_TYPES: Final = "Question_type.xlsx"


class DefRelease:
    """Reads the questionnaire and the shares of one country.

    Args:
        source: The folder with `<language>_questionaires.txt` and `preferences/`.
        countries: USA or CHN.
    """

    def __init__(self, source: str, countries: list[str]) -> None:
        self.folder = Path(source).expanduser()
        if len(countries) != 1 or countries[0] not in _RELEASES:
            raise ConfigError(
                f"countries: USA and CHN have a questionnaire each, found {', '.join(countries)}.",
                fix="Give `countries=[USA]` or `countries=[CHN]`, and import each by itself.",
            )
        self.population = countries[0]
        self.release = _RELEASES[self.population]

    def read(self) -> Imported:
        """Items in the authors' order, people's shares, and a survey.

        Raises:
            SurveyFormatError: A file is missing, or something in it is not as the published code expects it.
        """
        questions_path = self._needed(self.release.questions)
        shares_path = self._needed(*(f"preferences/{name}" for name in self.release.shares))
        types_path = self._found(
            f"Originals/{self.release.folder}/result_database/{_TYPES}",
            f"{self.release.folder}/{_TYPES}",
            _TYPES,
        )
        questions = read_questions(questions_path, self.release.country)
        several = {number: most for number, most in self.release.several.items() if number <= len(questions)}
        shares = read_shares(shares_path, questions, frozenset(several))
        groups = read_topic_groups(types_path, len(questions)) if types_path is not None else {}
        items = [self._item(one, several, groups.get(one.number), one.number in shares) for one in questions]
        digest = _digest([questions_path, shares_path, *([types_path] if types_path is not None else [])])
        return Imported(
            source=self.release.source,
            items=self._item_file(items),
            populations=(self._figures(questions, shares, shares_path, digest),),
            surveys=(self._survey(),),
            file_sha256=digest,
            summary=tuple(self._summary(len(questions), len(shares), len(several), groups, types_path)),
            terms=(f"Cite {_CITATION}.", "The questions are those of the surveys that the authors took."),
        )

    def _summary(
        self, num: int, num_scored: int, num_several: int, groups: Mapping[int, Dimension], types: Path | None
    ) -> list[str]:
        several = f"several       {items_in_words(num_several)} take several options"
        return [
            f"items         {num:,}, of which {num_scored:,} have shares of {self.population}",
            f"{several}: the file has no shares of people for them, so they are not scored",
            f"topic groups  of {items_in_words(len(groups))}{'' if types else f': there is no {_TYPES}'}",
        ]

    def _found(self, *names: str) -> Path | None:
        return next((path for name in names if (path := self.folder / name).is_file()), None)

    def _needed(self, *names: str) -> Path:
        if (path := self._found(*names)) is None:
            raise SurveyFormatError(
                f"{self.folder}: there is no {' and no '.join(names)}.",
                fix="Give the folder of the release that holds them, `survey_data/AECE_v1` for instance.",
            )
        return path

    def _item(
        self, one: ReleasedQuestion, several: Mapping[int, int], group: Dimension | None, is_scored: bool
    ) -> Item:
        language = self.release.language
        kind = QuestionType.SCALE if one.is_scale else QuestionType.SINGLE
        most = 1
        if one.number in several and not one.is_scale:
            kind, most = QuestionType.MULTIPLE, min(several[one.number] or len(one.options), len(one.options))
        entry: dict[str, Any] = {
            "id": f"{self.release.source}.Q{one.number}",
            "variable": f"Q{one.number}",
            "topic": one.text,
            "dimension": group or NO_DIMENSION,
            "direction": 0,
            "type": kind,
            "level": MeasurementLevel.INTERVAL if one.is_scale else MeasurementLevel.NOMINAL,
            "max_choices": most,
            "wordings": {language: [one.text]},
        }
        labelled = [{"code": code, "labels": {language: label}} for code, label in one.options]
        if one.is_scale:
            first, last = one.options[0], one.options[-1]
            ends = {"low": {language: first[1]}, "high": {language: last[1]}}
            entry["volunteered"] = [0]
            entry["scale"] = {"first": first[0], "last": last[0], **ends}
        else:
            entry["options"] = labelled
        if not is_scored:
            entry |= {"reference": "user", "asked_in": [self.population]}
        return Item.model_validate(entry)

    def _item_file(self, items: list[Item]) -> ItemFile:
        release = self.release
        return ItemFile(
            source=release.source, title=release.title, year="not given", citation=_CITATION, items=items
        )

    def _figures(
        self,
        questions: Sequence[ReleasedQuestion],
        shares: Mapping[int, ReleasedShares],
        path: Path,
        digest: str,
    ) -> PopulationFigures:
        provenance = ReferenceSource(
            population=self.population,
            source=self.release.source,
            title=self.release.title,
            year=2025,
            weight="as published: shares alone",
            effective_n="not known: the source has no numbers of people",
            dont_know="as the authors left it",
            release="files of the published code",
            citation=_CITATION,
            terms="as the authors say",
            file=path.name,
            file_sha256=digest,
        )
        figures = tuple(
            GroupFigures(
                item_id=f"{self.release.source}.Q{one.number}",
                group_type="overall",
                group="all",
                codes=tuple(code for code, _ in one.options),
                shares=shares[one.number].shares,
                n=None,
                n_effective=None,
                volunteered_share=shares[one.number].volunteered,
                quality=ReferenceQuality.PUBLISHED,
            )
            for one in questions
            if one.number in shares
        )
        return PopulationFigures(provenance, figures)

    def _survey(self) -> SurveyFile:
        release = self.release
        return SurveyFile(
            name=release.source,
            title=release.title,
            population=self.population,
            language=release.language,
            frame_language=release.language,
            sources=[release.source],
        )


def _digest(paths: Sequence[Path]) -> str:
    """Of all files: SHA-256 of their names and contents."""
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.name}\n{hash_file(path)}\n".encode())
    return found.hexdigest()
