"""What people type -> a tree of our own, the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass


class Query:
    """A node of the tree."""
