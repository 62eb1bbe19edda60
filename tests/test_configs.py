"""Every configuration that is shipped composes, is valid, and holds the values it promises."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from def_sim.answers.reading.parse import ReadingRules
from def_sim.app.composing import compose_config
from def_sim.app.definition import folder_of, what_defines
from def_sim.app.fetching import fetched_file
from def_sim.app.plan import make_plan
from def_sim.app.plan_lines import plan_lines
from def_sim.app.plan_warnings import language_warnings
from def_sim.app.run import create_engine, prepare_run, resolve_path
from def_sim.app.schema import PresentationRules, RunConfig, validate_config
from def_sim.errors import ConfigError, ModelError
from def_sim.resources import conf_folder
from def_sim.respondents.decoding import DecodingRules
from def_sim.respondents.memory import MemoryRules
from def_sim.respondents.panel import Modifications
from def_sim.respondents.personas import PlaceRules

pytestmark = pytest.mark.slow


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_folder() / group).glob("*.yaml"))


def configured(*words: str) -> RunConfig:
    return validate_config(compose_config(words))


HOSTED = ("claude", "claude_3_5_sonnet", "gpt4o", "server")
NOT_OF_THE_STUDY = ("hf", "demo", "smollm2", *HOSTED)
NEEDED = {  # hf is any folder, and server any server
    "hf": ["model.engine.path=/folder"],
    "server": ["model.engine.base_url=http://localhost:8000/v1", "model.engine.model_name=any"],
}


def model_words(model: str) -> list[str]:
    """The choice of a model, with what it cannot do without."""
    return [f"model={model}", *NEEDED.get(model, [])]


# --- everything that can be chosen ---


def test_every_yaml_belongs_to_a_group_of_the_defaults() -> None:
    text = (conf_folder() / "config.yaml").read_text(encoding="utf-8")
    groups = set(re.findall(r"^  - (\w+): \w+$", text, re.MULTILINE))
    of_launchers = {"hydra"}  # Hydra's own group: a command chooses one of it with -m alone
    assert groups | of_launchers == {path.name for path in conf_folder().iterdir() if path.is_dir()}
    assert all(names(group) for group in groups)


@pytest.mark.parametrize("survey", names("survey"))
@pytest.mark.parametrize("model", names("model"))
def test_every_model_can_be_asked_every_survey(model: str, survey: str) -> None:
    config = configured(*model_words(model), f"survey={survey}")
    assert (config.model.name, config.survey.name) == (model, survey)
    assert config.protocol.name == "paper"


@pytest.mark.parametrize("strategy", names("strategy"))
@pytest.mark.parametrize("protocol", names("protocol"))
def test_every_protocol_and_strategy_prepare_a_run(protocol: str, strategy: str) -> None:
    config = configured(f"protocol={protocol}", f"strategy={strategy}", "survey=cn", "respondents=3")
    assert (config.protocol.name, config.strategy.name) == (protocol, strategy)
    run = prepare_run(config)
    assert run.num_planned == 3 * len(run.survey.questions) >= 180


STAGES_NEED = {  # beside the defaults
    "calibrate": ["sample=people.csv"],
    "judge": ["rubric=unread", "run_folder=outputs"],
    "audit": ["export=audit"],
    "import": ["importer=globalopinionqa", "source=global_opinions.csv"],
}


@pytest.mark.parametrize("stage", names("stage"))
def test_every_stage_composes_with_the_defaults(stage: str) -> None:
    config = configured(f"stage={stage}", *STAGES_NEED.get(stage, []))
    assert (config.stage.name, config.model.name, config.survey.name) == (stage, "demo", "us")
    assert config.respondents == 20


# --- models ---


@pytest.mark.parametrize("model", names("model"))
def test_a_models_yaml_says_what_a_plan_must_know(model: str) -> None:
    config = configured(*model_words(model)).model
    assert config.label
    assert config.license
    assert config.planning.context_length >= 2048
    if model in ("hf", *HOSTED):  # read from the folder, and not published
        return
    assert config.num_parameters > 1_000_000
    assert config.planning.cache_bytes_per_token > 0


@pytest.mark.parametrize("model", [name for name in names("model") if name not in NOT_OF_THE_STUDY])
def test_a_study_models_weights_are_pinned_to_a_commit(model: str) -> None:
    config = configured(f"model={model}").model
    if config.engine is not None:
        assert re.fullmatch("[0-9a-f]{40}", config.engine.arguments["revision"])
        is_large = config.num_parameters > config.planning.quantize_above_parameters
        assert config.engine.arguments["quantization"] == ("nf4" if is_large else "none")
        # The tokenizer's own template, unless it has none.
        style = {"baichuan2_13b_chat": "baichuan2", "chatglm2_6b": "chatglm2", "wizardlm_13b_v1_2": "vicuna"}
        usual = "chat" if config.is_tuned else "text"
        assert config.engine.arguments["prompt_style"] == style.get(model, usual)


def test_a_model_out_of_a_package_is_pinned_by_hashes_and_looked_for_where_it_is_put() -> None:
    model = configured("model=smollm2").model
    assert model.source is not None
    assert model.engine is not None
    assert fetched_file(model) == resolve_path(model.engine.arguments["path"])
    assert model.license == "apache-2.0"


def test_a_model_is_asked_in_a_language_it_was_not_made_for_only_with_a_warning() -> None:
    [warning] = language_warnings(prepare_run(configured("model=smollm2", "survey=cn", "frame_language=zh")))
    assert "made for en only and is asked questions in zh and frame in zh" in warning
    assert language_warnings(prepare_run(configured("model=smollm2"))) == []
    assert language_warnings(prepare_run(configured("model=mistral7b", "survey=cn"))) == []


@pytest.mark.parametrize("model", names("model"))
def test_no_models_yaml_asks_a_cpu_for_bfloat16(model: str) -> None:
    engine = configured(*model_words(model)).model.engine
    assert engine is None or engine.arguments.get("dtype") != "bfloat16"


def test_the_eleven_models_of_the_study_are_there() -> None:
    assert set(names("model")) == {
        *("baichuan2_13b_chat", "chatglm2_6b", "wizardlm_13b_v1_2", "mistral7b", "dolphin_2_2_1_mistral_7b"),
        *("mixtral_8x7b", "llama3_8b", "llama3_8b_instruct", "dolphin_2_9_1_llama3_8b"),
        *("llama3_chinese_8b_instruct", "claude_3_5_sonnet", "demo", "hf"),
        *("claude", "gpt4o", "server", "smollm2"),
    }


@pytest.mark.parametrize("model", names("model"))
def test_every_model_is_ready_to_be_loaded(model: str) -> None:
    config = configured(*model_words(model))
    assert config.model.unsupported is None
    expected = "none" if model in HOSTED else "beam-sample"
    assert create_engine(config).capabilities.beams == expected


def test_a_model_that_cannot_be_loaded_says_why() -> None:
    with pytest.raises(ModelError, match=r"cannot be asked yet\. No room\.") as caught:
        create_engine(configured("model=mistral7b", "model.unsupported='No room.'"))
    assert "stage=plan" in caught.value.fix


@pytest.mark.parametrize("model", [name for name in names("model") if name not in NOT_OF_THE_STUDY])
def test_both_embeddings_are_counted_for_a_plan(model: str) -> None:
    """The comment above num_parameters ends in `+ 2 x <vocabulary> x <hidden size> + <hidden size>`."""
    text = (conf_folder() / "model" / f"{model}.yaml").read_text(encoding="utf-8")
    counted = re.search(r"\+ 2 x (\d+) x (\d+) \+ \2", re.sub(r"[#\s]+", " ", text))
    assert counted is not None
    vocabulary, hidden = map(int, counted.groups())
    assert configured(f"model={model}").model.planning.embedding_parameters == 2 * vocabulary * hidden


def test_a_shipped_path_is_found_wherever_the_package_lies() -> None:
    config = configured()
    assert config.model.engine is not None
    assert config.model.engine.arguments["path"] == "package://respondents/demo"
    assert Path(str(create_engine(config).describe()["path"])).parts[-2:] == ("respondents", "demo")


# --- protocols: what the article says, what its code does, and what is sound ---

SAMPLED = DecodingRules(
    num_beams=1, do_sample=True, temperature=1.0, top_k=50, top_p=1.0, max_new_tokens=512, grid=()
)
PRESENTED = PresentationRules(option_order="shuffled", question_order="questionnaire", follow_up="fill")
PROTOCOLS: dict[str, dict[str, Any]] = {
    "paper": {
        "modifications": Modifications(prompt=True, configuration=True, memory=True),
        "places": PlaceRules(level="cities", weighting="uniform", within_sample=False),
        "decoding": replace(SAMPLED, max_num_beams=5, do_sample_share=0.5),
        "memory": MemoryRules(0, 15, deletion="uniform", explanation="none", erodes=False),
        "presentation": PRESENTED,
        "reading": ReadingRules(number_wins=True, keep_first_of_too_many=True),
    },
    "code": {
        "modifications": Modifications(prompt=False, configuration=True, memory=True),
        "places": PlaceRules(level="regions", weighting="uniform", within_sample=False),
        "decoding": replace(SAMPLED, max_num_beams=4, do_sample_share=1.0),
        "memory": MemoryRules(0, 14, deletion="resample", explanation="first_sentence", erodes=True),
        "presentation": PRESENTED.model_copy(update={"follow_up": "placeholder"}),
        "reading": ReadingRules(number_wins=True, keep_first_of_too_many=True),
    },
    "sound": {
        "modifications": Modifications(prompt=True, configuration=True, memory=True),
        "places": PlaceRules(level="cities", weighting="population", within_sample=True),
        "decoding": replace(
            SAMPLED,
            top_k=0,
            max_num_beams=1,
            do_sample_share=1.0,
            grid=((1.0, 1.0), (0.7, 1.0), (1.3, 1.0), (1.0, 0.9)),  # the plain arm first
        ),
        "memory": MemoryRules(0, 15, deletion="uniform", explanation="none", erodes=False),
        "presentation": PRESENTED.model_copy(update={"option_order": "balanced"}),
        "reading": ReadingRules(number_wins=False, keep_first_of_too_many=False),
    },
}


@pytest.mark.parametrize("section", PROTOCOLS["paper"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_protocol_sets_what_its_source_does(protocol: str, section: str) -> None:
    config = configured(f"protocol={protocol}")
    assert getattr(config, section) == PROTOCOLS[protocol][section]


def test_only_the_sound_protocol_averages_an_item_over_its_wordings() -> None:
    pooled = {protocol: configured(f"protocol={protocol}").pool_wordings for protocol in names("protocol")}
    assert pooled == {"paper": False, "code": False, "sound": True}


def test_what_a_protocol_sets_can_be_overridden_one_by_one() -> None:
    config = configured("protocol=code", "memory.erodes=false", "modifications.prompt=true")
    assert not config.memory.erodes
    assert config.memory.deletion == "resample"
    assert config.modifications.prompt


@pytest.mark.parametrize("protocol", names("protocol"))
def test_the_single_strategy_switches_all_modifications_off(protocol: str) -> None:
    for words in (("strategy=single", f"protocol={protocol}"), (f"protocol={protocol}", "strategy=single")):
        assert configured(*words).modifications == Modifications(False, False, False)


def test_one_modification_can_be_switched_on_again_for_an_ablation() -> None:
    modifications = configured("strategy=single", "modifications.memory=true").modifications
    assert modifications == Modifications(prompt=False, configuration=False, memory=True)


# --- what is wrong is said before anything is loaded ---


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["respondents=0"], "respondents=0: input should be greater than or equal to 1"),
        (["respondents=many"], 'respondents="many": input should be a valid integer'),
        (["seed=-1"], "seed=-1"),
        (["items=[]"], "items=[]"),
        (["shard=2", "num_shards=2"], "shard must be below num_shards, found 2 of 2"),
        (["memory.max_capcity=3"], "no parameter 'memory.max_capcity'"),
        (["+memory.max_capcity=3"], "no parameter 'memory.max_capcity'"),
        (["+respondent=3"], "no parameter 'respondent'"),
        (["memory.deletion=forget"], "memory.deletion"),
        (["memory.max_capacity=-1"], "0 <= min_capacity <= max_capacity"),
        (["memory.min_capacity=9", "memory.max_capacity=3"], "found 9 and 3"),
        (["decoding.temperature=0"], "temperature must be above 0"),
        (["decoding.top_p=1.5"], "top_p must lie in (0, 1]"),
        (["decoding.max_num_beams=0"], "must be at least 1"),
        (["decoding.do_sample_share=2"], "do_sample_share must lie in [0, 1]"),
        (["decoding.grid=[[1.0]]"], "decoding.grid"),
        (["decoding.stop_after=soon"], "decoding.stop_after"),
        (["presentation.option_order=random"], "presentation.option_order"),
        (["answer_mode=sung"], "answer_mode"),
        (["+strategy.colour=red"], "no parameter 'strategy.colour'"),
        (["+model.engine.batch=3"], "no parameter 'model.engine.batch'"),
        (["model.engine.max_batch_rows=many"], 'model.engine.max_batch_rows="many"'),
        (["model.engine.max_batch_rows=2.5"], "model.engine.max_batch_rows=2.5"),
        (["strategy._target_=def_sim.strategies.nobody.Nobody"], "cannot be found"),
        (["model=hf"], "`model.engine.path` needs a value"),
        (["protocol=papre"], "there is no such protocol. Known: code, paper, sound"),
        (["model=demo,mistral7b"], "model takes one value"),
        (["respondents"], "expected name=value"),
    ],
)
def test_a_wrong_parameter_is_one_message_with_a_fix(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(*words)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["items=[wvs7.Q9999]"], "has no item 'wvs7.Q9999'"),
        (["items=[wvs7.Q153]"], "wvs7.Q153 follows wvs7.Q152, which is not in the list"),
        (["population=ATL"], "Unknown population 'ATL'"),
        (["language=fr"], "language 'fr'"),
        (["frame_language=fr"], "there is no such language pack; known: en, zh"),
    ],
)
def test_a_choice_that_does_not_fit_is_one_message_with_a_fix(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare_run(configured(*words))
    assert message in caught.value.message
    assert caught.value.fix


# --- what defines a run ---


def definition(*words: str) -> dict[str, Any]:
    return what_defines(prepare_run(configured(*words)), {"weights": "the same"})


@pytest.mark.parametrize(
    "words",
    [
        ["respondents=40"],
        ["num_shards=4", "shard=3"],
        ["output=elsewhere"],
        ["max_in_flight=1"],
        ["model.engine.max_batch_rows=4"],
        ["stage=plan"],
        ["scoring.draws=50"],
    ],
)
def test_neither_size_nor_speed_nor_place_makes_another_run(words: list[str]) -> None:
    assert definition(*words) == definition()


@pytest.mark.parametrize(
    "words",
    [
        ["seed=2"],
        ["survey=cn"],
        ["population=CHN"],
        ["language=zh"],
        ["frame_language=zh"],
        ["wordings=all"],
        ["items=[wvs7.Q1]"],
        ["protocol=sound"],
        ["strategy=single"],
        ["modifications.memory=false"],
        ["memory.max_capacity=3"],
        ["places.level=regions"],
        ["decoding.top_k=0"],
        ["decoding.stop_after=first_sentence"],
        ["presentation.option_order=listed"],
        ["presentation.option_order=reversed"],
        ["wordings=1"],
        ["model.engine.dtype=bfloat16"],
    ],
)
def test_whatever_changes_an_answer_makes_another_run(words: list[str]) -> None:
    assert definition(*words) != definition()


def test_the_base_wording_by_its_number_is_the_same_run() -> None:
    assert definition("wordings=0") == definition("wordings=base") == definition()


@pytest.mark.parametrize("given", ["2", "true", "-1", "1.5", "every"])
def test_a_wording_that_there_is_not_is_one_message_with_a_fix(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare_run(configured(f"wordings={given}"))
    assert "wordings" in caught.value.message
    assert caught.value.fix


def test_a_short_form_is_a_run_of_its_own_and_others_keep_their_folders() -> None:
    assert definition("survey=us_short")["survey"]["short_of"] == "us"
    assert "short_of" not in definition()["survey"]


@pytest.mark.parametrize("survey", ["us_short", "cn_short"])
def test_the_plan_of_a_short_questionnaire_says_what_it_is(survey: str) -> None:
    run = prepare_run(configured(f"survey={survey}", "stage=plan", "respondents=2"))
    lines = plan_lines(run, make_plan(run))
    assert any("36 questions" in line for line in lines)
    [line] = [line for line in lines if line.startswith("short form")]
    assert f"of survey {survey.removesuffix('_short')};" in line


def test_whole_answers_are_no_new_way_of_asking() -> None:
    """Runs from before answers could be cut keep their folders."""
    assert "stop_after" not in definition()["protocol"]["decoding"]


def test_a_run_lies_in_a_folder_named_by_model_survey_strategy_and_definition() -> None:
    run = prepare_run(configured("survey=cn", "output=/runs"))
    folder = folder_of(run, what_defines(run, {}))
    assert folder.parts[:4] == ("/", "runs", "demo", "cn")
    assert re.fullmatch(r"diversity_enhanced-[0-9a-f]{12}", folder.name)


def test_the_shards_of_a_panel_share_its_respondents_without_overlap() -> None:
    shards = [
        prepare_run(configured("respondents=10", "num_shards=3", f"shard={shard}")).shard_panel
        for shard in range(3)
    ]
    asked = [respondent.index for shard in shards for respondent in shard]
    assert sorted(asked) == list(range(10))
    assert {respondent.id: respondent for shard in shards for respondent in shard} == {
        respondent.id: respondent for respondent in prepare_run(configured("respondents=10")).panel
    }
