"""What can go wrong with words, in the words of this room. An engine's own errors never leave it."""


class SearchError(Exception):
    """Root of everything that search raises. `code` is stable; facts are attributes."""

    code = "search_error"


class BadQuery(SearchError):
    """What was typed cannot be understood. `position` is the place, in characters from 0.

    `reason` is one of ``unclosed_quote``, ``unclosed_parenthesis``, ``stray_parenthesis``,
    ``unknown_field``, ``bad_date``, ``too_long``, ``too_deep``; `fragment` is the text at fault.
    """

    code = "bad_query"

    def __init__(self, reason: str, position: int, fragment: str) -> None:
        super().__init__(f"{reason.replace('_', ' ')} at position {position}: {fragment!r}")
        self.reason = reason
        self.position = position
        self.fragment = fragment


class IndexBusy(SearchError):
    """Another process is writing this index. Give the work back and come again; no failure."""

    code = "index_busy"


class IndexDamaged(SearchError):
    """The index cannot be trusted: files are missing, changed, or of another schema. Rebuild it."""

    code = "index_damaged"

    def __init__(self, company: str, reason: str) -> None:
        super().__init__(f"index of company {company}: {reason}")
        self.company = company
        self.reason = reason


class IndexUnavailable(SearchError):
    """The index's files cannot be read or written now: a full disk, no permission. Come again."""

    code = "index_unavailable"
