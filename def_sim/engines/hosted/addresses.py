"""Addresses of servers: what one may hold, and what to advise where one leads to the wrong place."""

import re
from typing import Final
from urllib.parse import urlsplit

from def_sim.errors import ConfigError

_ENDPOINT: Final = re.compile(r"/(chat/completions|completions|models|responses|messages)$")


def check_base_url(base_url: str) -> str:
    """An address without credentials, and without a slash at its end.

    Raises:
        ConfigError: It is no address, or holds a user, password or key. The address is not repeated.
    """
    if not re.match(r"https?://[^/]", base_url):
        raise ConfigError(
            "model.engine.base_url is no address of a server.", fix="It looks like http://localhost:8000/v1."
        )
    if "@" in base_url or "?" in base_url:
        raise ConfigError(
            "model.engine.base_url holds more than an address.",
            fix="Leave user, password and query out; a key belongs in an environment variable.",
        )
    return base_url.rstrip("/")


def advice_on_address(base_url: str) -> str:
    """What to try where a server has no API at an address."""
    if endpoint := _ENDPOINT.search(base_url):
        shorter = base_url.removesuffix(endpoint[0])
        return f"Leave the endpoint out: `model.engine.base_url={shorter}`."
    if urlsplit(base_url).path in ("", "/"):
        return f"Most servers have their API one level below: `model.engine.base_url={base_url}/v1`."
    return (
        "Correct `model.engine.base_url=`: it ends where the API begins, for most servers in `/v1`, and "
        "requests go to `chat/completions` below it."
    )
