"""How many tokens a provider says that it read and wrote, checked once, where it comes in.

One model for the OpenAI protocol and for Anthropic's, whose names differ. Whatever is no count (a text, a
truth value, a fraction, less than nothing, more than can be) makes the whole report unusable: what is
wrong in one place is not believed in another.
"""

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

_MOST_TOKENS: Final = 10_000_000  # of anything that is a count of tokens


def _whole(reported: object) -> object:
    """JSON has one kind of numbers: 12.0 is 12, and 12.5 stays what it is, for the check."""
    is_whole = isinstance(reported, float) and reported.is_integer()
    return int(reported) if is_whole and isinstance(reported, float) else reported


_Count = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=_MOST_TOKENS)]


class Usage(BaseModel):
    """The `usage` of a reply, as either protocol has it; other fields are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    output_tokens: _Count | None = None

    @property
    def tokens_in(self) -> int | None:
        """Tokens read, with those of a cache, which Anthropic reports apart; None if not reported."""
        if self.prompt_tokens is not None:
            return self.prompt_tokens
        if self.input_tokens is None:
            return None
        return (
            self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)
        )

    @property
    def tokens_out(self) -> int | None:
        """Tokens written, thoughts included; None if not reported."""
        return self.output_tokens if self.completion_tokens is None else self.completion_tokens


def tokens_of(reported: object) -> tuple[int, int]:
    """Tokens read and written, as a reply reports them; both 0 where nothing usable is reported."""
    try:
        usage = Usage.model_validate(reported)
    except ValidationError:
        return 0, 0
    if usage.tokens_in is None or usage.tokens_out is None:
        return 0, 0
    return usage.tokens_in, usage.tokens_out
