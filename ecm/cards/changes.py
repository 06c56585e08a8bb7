"""What changed on a card, as the trail and the timeline tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A field had one value, and has another now: both in words, None for an empty one."""

    field: str
    old: str | None
    new: str | None
