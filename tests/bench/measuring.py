"""How things are measured: beside what they are compared with, in turns, and told by medians.

Machines are shared and noisy, and disks have moods. So nothing is compared across runs: both sides take
turns within one run, each first as often as second, and what is told of them is the median of the ratios
of those rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Mark:
    """What a figure should reach. One that is a gate fails the run when it is missed; others are aims."""

    bound: Literal["at least", "at most"]
    value: float
    is_gate: bool = True

    def is_met_by(self, value: float) -> bool:
        """Whether the figure is on the right side."""
        return value >= self.value if self.bound == "at least" else value <= self.value


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure: `what` it is of, the figure in its unit, its mark, and how it came about."""

    what: str
    value: float
    unit: str = ""
    mark: Mark | None = None
    details: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether there is a mark, and it is missed."""
        return self.mark is not None and not self.mark.is_met_by(self.value)


@dataclass(frozen=True, slots=True)
class Paired:
    """The seconds that two sides took in rounds that they took turns in."""

    first_s: list[float] = field(default_factory=list)
    second_s: list[float] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """How many."""
        return len(self.first_s)

    @property
    def ratios(self) -> list[float]:
        """For each round, how many times as long as the second the first took."""
        return [first / second for first, second in zip(self.first_s, self.second_s, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)

    def tell(self, first: str, second: str, *, of: int = 1) -> str:
        """The median times of both sides, for one of the `of` things that a round consists of, and the
        spread of the ratios."""
        low, high = quartiles(self.ratios)
        return (
            f"{first} {tell_time(statistics.median(self.first_s) / of)}, "
            f"{second} {tell_time(statistics.median(self.second_s) / of)}; "
            f"{self.rounds} rounds{f' of {of}' if of > 1 else ''}, half of the ratios within "
            f"{low:.2f}-{high:.2f}"
        )


def alternate(
    first: Callable[[], float], second: Callable[[], float], *, rounds: int, warm_up_rounds: int = 1
) -> Paired:
    """Have both sides take turns: A B, B A, A B, ... Each call returns the seconds that count."""
    paired = Paired()
    for number in range(-warm_up_rounds, rounds):
        if number % 2 == 0:
            first_s, second_s = first(), second()
        else:
            second_s, first_s = second(), first()
        if number >= 0:
            paired.first_s.append(first_s)
            paired.second_s.append(second_s)
    return paired


def time_of(work: Callable[[], object], *, times: int = 1) -> float:
    """The seconds that it takes to do the work so many times."""
    started = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - started


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Between these two lie half of the values."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many per cent of the values are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def tell_time(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2f} ms"
