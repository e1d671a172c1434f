"""Timing: repeat, sort, say the middle and the slow end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median and p95 in milliseconds."""
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2)  # noqa: E731
    return {"median_ms": at(0.5), "p95_ms": at(0.95)}


def timed(act: Callable[[], object], times: int, warm: int = 3) -> dict[str, float]:
    for _ in range(warm):
        act()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return quantiles(seconds)
