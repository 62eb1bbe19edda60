"""How the commands of a page are found: by hand, without running any."""

import pytest
from console_blocks import Block, Step, as_plans, blocks_of, files_of, is_shown_by, words_of


def test_a_command_goes_on_below_a_backslash_and_its_output_follows() -> None:
    text = "```console\n$ def-sim a=1 \\\n    b=2\nfirst\nlast\n$ ls\n```\n"
    steps = (Step("def-sim a=1 \\\n    b=2", "first\nlast"), Step("ls", ""))
    assert blocks_of(text) == [Block("", steps)]


def test_a_mark_belongs_to_the_block_right_below_it() -> None:
    text = "<!-- gpu -->\n\n```console\n$ a\n```\n\ntext\n\n```console\n$ b\n```\n"
    assert [block.mark for block in blocks_of(text)] == ["gpu", ""]


@pytest.mark.parametrize("text", ["```console\nno command\n```\n", "<!-- gpus -->\n\n```console\n$ a\n```\n"])
def test_a_block_without_a_command_and_an_unknown_mark_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"says nothing|begins with"):
        blocks_of(text)


def test_a_file_is_the_block_below_its_name_and_no_other() -> None:
    text = "`my_home/a.yaml`:\n\n```yaml\nx: 1\n```\n\n`b.csv` is a table:\n\n```csv\nno\n```\n"
    assert files_of(text) == {"my_home/a.yaml": "x: 1\n"}


@pytest.mark.parametrize(
    ("expected", "said", "is_same"),
    [
        ("2 answers", "2 answers  \n", True),
        ("2 answers", "3 answers", False),
        ("took ... s\n...\nreport", "took 3.1 s\na\nb\nreport", True),
        ("took ... s", "took 3.1 s\nmore", False),
        ("1.5 (a)", "1x5 (a)", False),
    ],
)
def test_dots_stand_for_what_varies_and_nothing_else_does(expected: str, said: str, is_same: bool) -> None:
    assert is_shown_by(expected, said) is is_same


def test_only_the_program_is_planned_in_a_line_of_several_commands() -> None:
    assert as_plans("pip install x && A=1 def-sim model=demo 'items=[a,b]' stage=all # so") == [
        ["model=demo", "items=[a,b]", "stage=plan"]
    ]
    assert as_plans("bash other.sh model=demo") == []


def test_what_a_scheduler_takes_is_left_out_of_a_plan() -> None:
    command = "def-sim -m hydra/launcher=slurm hydra.launcher.nodes=2 \\\n survey=us,cn 'shard=range(4)'"
    assert as_plans(command) == [["-m", "survey=us,cn", "stage=plan"]]
    assert words_of("A=0 def-sim shard=0 &") == [["shard=0"]]
