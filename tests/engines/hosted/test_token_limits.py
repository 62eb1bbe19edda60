"""What servers say of a limit of tokens that they refuse, and what it means."""

import pytest

from def_sim.engines.hosted.token_limits import LimitRefusal, limit_refusal

ASKED = 512


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("max_tokens is too large: 512. This model supports at most 256 completion tokens.", 256),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 300]", 300),
        ("max_tokens must be less than or equal to 256", 256),
        ("max_tokens must be less than 257", 256),
        ("`max_completion_tokens` cannot exceed 4,00", 400),
        ("max_tokens: 512 > 128, which is the maximum allowed number of output tokens for m-2024-08", 128),
        ("max_new_tokens is too high", None),
    ],
)
def test_a_limit_that_is_too_large_names_the_largest(said: str, most: int | None) -> None:
    assert limit_refusal(said, ASKED) == LimitRefusal("too_large", most=most)


@pytest.mark.parametrize(
    "said",
    [
        "Could not finish because max_tokens was reached. Please try again with higher max_tokens.",
        "max_tokens must be greater than thinking.budget_tokens",
        "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 16.",
    ],
)
def test_a_limit_that_is_too_small_is_told_from_one_that_is_too_large(said: str) -> None:
    assert limit_refusal(said, 16) == LimitRefusal("too_small")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
        ),
        ("Unexpected fields in the request: {'max_completion_tokens'}", "max_tokens"),
        ("max_tokens is deprecated, please use max_completion_tokens", "max_completion_tokens"),
    ],
)
def test_the_other_name_of_the_limit_is_found(said: str, name: str) -> None:
    assert limit_refusal(said, ASKED) == LimitRefusal("other_name", name=name)


@pytest.mark.parametrize(
    "said",
    [
        "temperature must be at most 1",
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
        "'max_tokens' is too large: 512. The maximum context length is 512, and there are 100 input tokens.",
    ],
)
def test_other_refusals_are_not_about_the_limit_alone(said: str) -> None:
    assert limit_refusal(said, ASKED) is None
