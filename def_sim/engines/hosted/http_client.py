"""The HTTP of hosted engines: a reply is taken from the address that was asked, or not at all.

No redirects, for the key would go where they lead; no cookies, which nobody asked for; no compression,
whose size nobody knows before. Knows no protocol above HTTP.
"""

from collections.abc import Awaitable, Callable
from http.cookiejar import CookieJar
from typing import Any, Final

Hook = Callable[[Any], Awaitable[None]]

HEADERS: Final = {"accept-encoding": "identity"}  # of every request


class _NoCookies(CookieJar):
    """Keeps none and sends none."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Passes over what a reply sets."""

    def add_cookie_header(self, request: object) -> None:
        """Adds nothing."""


def client_settings(hook: Hook) -> dict[str, Any]:
    """Arguments for the client that an SDK makes.

    Args:
        hook: Called with every response before its body is read.
    """
    return {"follow_redirects": False, "cookies": _NoCookies(), "event_hooks": {"response": [hook]}}


def transport_errors() -> tuple[type[Exception], ...]:
    """What the client raises, where an SDK does not put it into an error of its own."""
    import httpx2

    return (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, httpx2.CookieConflict)
