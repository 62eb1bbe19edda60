"""One answer in the paged loop: how far its prompt is read, what has been launched, where its cache is.

The device is a step ahead: what is *launched* is being computed, what is in `text` has been seen by the
host. Where an answer goes on with what the device chose, its tokens' positions in text and cache are known
before the tokens are.
"""

from dataclasses import dataclass, field

from def_sim.engines.local.scheduling.progress import Progress
from def_sim.engines.local.scheduling.runner import Prompt


@dataclass(slots=True, eq=False)
class PagedSequence:
    """An answer on its way.

    Attributes:
        ticket: The caller's name for it.
        prompt: Request and tokens to read.
        stop_tokens: Tokens that end a text.
        text: Its tokens, as far as the host has seen them.
        entry: Its place on the board; None while it waits.
        pages: Where its keys and values are.
        num_read: Prompt tokens that are read, or being read.
        num_reused: Of these, how many were there from the respondent's question before.
        num_cached: Cache positions in use.
        num_launched: Choices made or being made for it.
        num_unseen: Of these, those the host has not seen.
        last_sweep: Cache positions in use when dead ones were last dropped.
        life: Changes when it begins anew, so that what was launched before is not taken for it.
    """

    ticket: int
    prompt: Prompt
    stop_tokens: frozenset[int]
    text: Progress = field(init=False)
    entry: int | None = None
    pages: list[int] = field(default_factory=list)
    num_read: int = 0
    num_reused: int = 0
    num_cached: int = 0
    num_launched: int = 0
    num_unseen: int = 0
    last_sweep: int = 0
    life: int = 0

    def __post_init__(self) -> None:
        self.text = Progress(self.prompt, self.stop_tokens)

    @property
    def length(self) -> int:
        """Tokens of its prompt."""
        return len(self.prompt.token_ids)

    @property
    def num_unread(self) -> int:
        """Prompt tokens still to read."""
        return self.length - self.num_read

    @property
    def num_rows(self) -> int:
        """Rows whose logits its next step of writing needs."""
        return len(self.text.code_paths) if self.text.scores_codes else self.text.num_rows

    @property
    def depth(self) -> int:
        """Tokens of each of these rows: option codes are read again from their first token."""
        return len(self.text.code_paths[0]) if self.text.scores_codes else 1

    @property
    def can_write(self) -> bool:
        """True if its next step can be launched without another look at the last."""
        if self.num_unread or not self.num_launched:
            return False
        if self.text.scores_codes:  # the host must see what the codes' tokens scored
            return self.num_unseen == 0
        return self.num_launched < self.prompt.request.decoding.max_new_tokens

    @property
    def position(self) -> int:
        """Where the tokens to write stand in their texts."""
        return self.length + (0 if self.text.scores_codes else self.num_launched - 1)

    def enter(self, entry: int, pages: list[int], num_reused: int) -> None:
        """Takes an entry, and pages that already hold the first tokens of the prompt."""
        self.entry, self.pages, self.num_read, self.num_reused = entry, pages, num_reused, num_reused
        self.num_cached = num_reused

    def has_launched(self, num_read: int = 0) -> None:
        """A step is under way in which it reads so many tokens, or writes its rows."""
        if num_read:
            self.num_read += num_read
            self.num_cached += num_read
        elif not self.text.scores_codes:  # their cache positions are written anew
            self.num_cached += self.num_rows
        if self.num_unread == 0:
            self.num_launched += 1
            self.num_unseen += 1
            if num_read:
                self.last_sweep = self.num_cached

    def restart(self) -> None:
        """Back to the queue, as if nothing had been done; its draws will be the same."""
        self.text.restart()
        self.entry, self.pages = None, []
        self.num_read = self.num_reused = self.num_cached = 0
        self.num_launched = self.num_unseen = self.last_sweep = 0
        self.life += 1
