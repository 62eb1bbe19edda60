"""Times as a reader says them. Knows neither plans nor clocks."""


def in_time(seconds: float) -> str:
    """Seconds as a reader says them: "0.3 s", "40 s", "12 min", "3.5 h"."""
    amount, unit = _in_unit(seconds)
    return f"{amount} {unit}"


def in_time_range(shortest: float, longest: float) -> str:
    """Two times as one: "2 to 5 min", "50 s to 3 min"; one of them where both are said alike."""
    (low, unit), (high, other) = _in_unit(shortest), _in_unit(longest)
    if unit != other:
        return f"{low} {unit} to {high} {other}"
    return f"{low} to {high} {unit}" if low != high else f"{high} {unit}"


def _in_unit(seconds: float) -> tuple[str, str]:
    if seconds < 0.95:  # no time is nought
        return f"{max(seconds, 0.1):.1f}", "s"
    if seconds < 90:
        return f"{seconds:.0f}", "s"
    return (f"{seconds / 60:.0f}", "min") if seconds < 5400 else (f"{seconds / 3600:.1f}", "h")
