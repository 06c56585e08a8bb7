"""What people type -> a tree of our own, the same for every engine.

The language is described with examples in ``docs/search.md``. Programs build trees from the same
pieces: ``all_of([parse(text), of_kind("contract"), on_card(deal_id)])``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from .errors import BadQuery
from .query_tree import (
    All,
    And,
    Exact,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Scope,
    Term,
    TermField,
    Uploaded,
    Word,
    all_of,
    any_of,
    of_kind,
    on_card,
    sought,
    tagged,
    uploaded,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "All",
    "And",
    "Exact",
    "Not",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "Scope",
    "Term",
    "TermField",
    "Uploaded",
    "Word",
    "all_of",
    "any_of",
    "of_client",
    "of_kind",
    "on_card",
    "parse",
    "parse_day",
    "parse_year",
    "sought",
    "tagged",
    "uploaded",
]

MAX_LENGTH: Final = 1_000  # characters; people paste a line, not a page
MAX_DEPTH: Final = 20  # of parentheses: what walks the tree may recurse without fear


def of_client(client: str) -> Query:
    """Documents on the contact or organization with this id, or with all these words in its name."""
    return all_of(part for word in client.split() if (part := _scoped("client", word)) is not None)


def parse(text: str) -> Query:
    """The tree of what people type; `All` for an empty query. BadQuery points at the place at fault."""
    if len(text) > MAX_LENGTH:
        raise BadQuery("too_long", MAX_LENGTH, text[MAX_LENGTH : MAX_LENGTH + 20])
    return _Parser(text).run()


def parse_year(text: str) -> Uploaded:
    """What was uploaded in a year written ``2026``. ValueError for anything else."""
    if not _YEAR.fullmatch(text):
        raise ValueError(f"not a year: {text!r}")
    return Uploaded(date(int(text), 1, 1), date(int(text), 12, 31))


def parse_day(text: str) -> date:
    """A day written ``2026-01-31`` or ``31.01.2026``. ValueError for anything else."""
    if match := _ISO_DAY.fullmatch(text):
        year, month, day = match.groups()
    elif match := _LOCAL_DAY.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise ValueError(f"not a day: {text!r}")
    return date(int(year), int(month), int(day))


_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_LOCAL_DAY: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_YEAR: Final = re.compile(r"[0-9]{4}")
_TERMS: Final[dict[str, TermField]] = {
    "kind": "kind",
    "card": "card",
    "tag": "tag",
    "by": "by",
    "type": "type",
    "format": "format",
}
_SCOPES: Final[dict[str, Scope]] = {"title": "title", "deal": "deal", "client": "client"}
_NAMES: Final = frozenset((*_TERMS, *_SCOPES, "from", "to", "year"))
_VALUED: Final = _NAMES - _SCOPES.keys()
# After deal: and client: digits are an id of ours. Another application's may look like a word.
_ID: Final = re.compile(r"[0-9]+")
_OTHER_ID: Final = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_-]+")
_SPACE: Final = re.compile(r"\s+")
_OPERATOR: Final = re.compile(r'(?:AND|OR|NOT)(?=[\s()"]|$)')
# Two letters at least: C:\ is a disk. An address (http://, mailto:) and a time (12:30) are words.
_FIELD: Final = re.compile(r"(?!(?:mailto|tel):)([^\W\d_]{2,32}):(?!//|\\)", re.IGNORECASE)
_CHUNK: Final = re.compile(r'[^\s()"«“„]+')
_VALUE: Final = re.compile(r'[^\s()"]+')
_LETTER: Final = re.compile(r"[^\W_]")
_LIST: Final = re.compile(r"(?<!\d)[,;!?|]+|[,;!?|]+(?!\d)")  # "a,b" are two words, 12,50 is one
# A number in groups of three, as `analysis` has it, with decimals: 1 250 000,50. Not 1 2505, not 1 250-К.
_GROUPS: Final = re.compile(
    r"(?<![^\s()\"«»“”„])[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3}){1,7}(?:[.,][0-9]{1,2})?"
    r"(?=[\s()\"«»“”„;:!?]|[.,](?![0-9])|\Z)"
)
_CLOSING: Final = {'"': '"', "«": "»", "“": "”", "„": "“”"}


@dataclass(slots=True)
class _Group:
    """Parentheses being read: what OR has separated so far, and what is to become of the whole."""

    position: int
    name: str | None  # of the field that stands before them
    negated: bool = False
    negate_next: bool = False
    alternatives: list[list[Query]] = field(default_factory=lambda: [[]])

    def add(self, query: Query | None) -> None:
        if query is not None:
            self.alternatives[-1].append(Not(query) if self.negate_next else query)
        self.negate_next = False

    def finish(self) -> Query | None:
        found = [all_of(parts) for parts in self.alternatives if parts]
        return any_of(found) if found else None


class _Parser:
    """One reading of one text, left to right, with a stack of groups in place of recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups = [_Group(0, None)]

    def run(self) -> Query:
        while self._at < len(self._text):
            self._step()
        if len(self._groups) > 1:
            raise BadQuery("unclosed_parenthesis", self._groups[-1].position, "(")
        return self._groups[0].finish() or All()

    def _step(self) -> None:
        group = self._groups[-1]
        letter = self._text[self._at]
        begins = self._at == 0 or self._text[self._at - 1] in "(" or self._text[self._at - 1].isspace()
        if letter.isspace():
            self._at = self._skip_space(self._at)
        elif letter == "(":
            self._open(group.name)
        elif letter == ")":
            self._close()
        elif begins and (operator := _OPERATOR.match(self._text, self._at)):
            self._at = operator.end()
            if operator[0] == "OR":
                group.alternatives.append([])
            group.negate_next = operator[0] == "NOT"
        elif begins and letter == "-" and self._negates():
            self._at += 1
            group.negate_next = True
            self._item(group)
        else:
            self._item(group, may_be_field=begins)

    def _negates(self) -> bool:
        """Whether the dash here is an operator: ``-word``, not a dash between words, a bullet or ``--``."""
        following = self._text[self._at + 1 : self._at + 2]
        return bool(following) and not following.isspace() and following not in "-)"

    def _open(self, name: str | None) -> None:
        if len(self._groups) > MAX_DEPTH:
            raise BadQuery("too_deep", self._at, "(")
        group = self._groups[-1]
        self._groups.append(_Group(self._at, name, negated=group.negate_next))
        group.negate_next = False
        self._at += 1

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise BadQuery("stray_parenthesis", self._at, ")")
        closed = self._groups.pop()
        self._groups[-1].negate_next = closed.negated
        self._groups[-1].add(closed.finish())
        self._at += 1

    def _item(self, group: _Group, *, may_be_field: bool = True) -> None:
        """A word, a phrase, a prefix, or a group, with or without a field before it."""
        name = group.name
        if may_be_field and (match := _FIELD.match(self._text, self._at)) and (known := self._field(match)):
            name, self._at = known, self._skip_space(match.end())
            if self._hangs(match.end()):
                group.negate_next = False
                return
        letter = self._text[self._at]
        exact = letter == "=" and may_be_field and self._text[self._at + 1 : self._at + 2] in (*_CLOSING,)
        if exact:
            self._at += 1
            letter = self._text[self._at]
        if letter == "(":
            self._open(name)
        elif letter in _CLOSING and (quoted := self._quoted(letter)) is not None:
            start = self._at + 1
            self._at = start + len(quoted) + 1
            group.add(self._quotation(name, quoted, start, exact=exact))
        elif not name and not group.negate_next and (number := _GROUPS.match(self._text, self._at)):
            self._at = number.end()
            group.add(_number(number[0]))
        else:
            match = (_VALUE if name in _VALUED else _CHUNK).match(self._text, self._at)
            start, chunk = self._at, match[0] if match else letter
            self._at += len(chunk)
            group.add(self._words(name, chunk, start))

    def _field(self, match: re.Match[str]) -> str | None:
        """The known field that stands here; None for mere words, as in ``Тема: звіт``, ``From: Ivan``."""
        name = match[1].lower()
        spaced = (
            self._text[match.end() : match.end() + 1] in ("", ")")
            or self._skip_space(match.end()) > match.end()
        )
        if name in _NAMES:
            return None if spaced and match[1] != name else name
        if spaced:
            return None
        raise BadQuery("unknown_field", self._at, match[1])

    def _hangs(self, end: int) -> bool:
        """Whether the field that ends here has no value, as an operator may have nothing to work on."""
        at = self._skip_space(end)
        if self._text[at : at + 1] in ("", ")"):
            return True
        return at > end and any(other.match(self._text, at) for other in (_OPERATOR, _FIELD))

    def _skip_space(self, at: int) -> int:
        spaces = _SPACE.match(self._text, at)
        return spaces.end() if spaces else at

    def _quoted(self, opening: str) -> str | None:
        """What the quotes opened here hold. An unclosed plain quote is an error, others are punctuation."""
        start = self._at + 1
        ends = [end for closing in _CLOSING[opening] if (end := self._text.find(closing, start)) >= 0]
        if ends:
            return self._text[start : min(ends)]
        if opening == '"':
            raise BadQuery("unclosed_quote", self._at, self._text[self._at : self._at + 40])
        return None

    def _quotation(self, name: str | None, text: str, position: int, *, exact: bool) -> Query | None:
        if name in _VALUED:
            return self._value(name, text, position)
        if not _LETTER.search(text):
            return None
        scope = _SCOPES.get(name or "", "everywhere")
        if exact:
            return Exact(text, scope)
        joined = _GROUPS.sub(lambda number: "".join(number[0].split()), text)
        return any_of(Phrase(each, scope) for each in dict.fromkeys((text, joined)))

    def _words(self, name: str | None, text: str, position: int) -> Query | None:
        if name in _VALUED:
            return self._value(name, text, position)
        return _scoped(_SCOPES.get(name or "", "everywhere"), text)

    def _value(self, name: str | None, text: str, position: int) -> Query | None:
        value = text.strip()
        if not value or name is None:
            return None
        if name in _TERMS:
            return Term(_TERMS[name], value)
        try:
            if name == "year":
                return parse_year(value)
            day = parse_day(value)
        except ValueError as error:
            raise BadQuery("bad_date", position, text) from error
        return Uploaded(first=day) if name == "from" else Uploaded(last=day)


def _scoped(scope: Scope, text: str) -> Query | None:
    """The words of a text without spaces; of a card, its id as well. None where nothing can be sought."""
    words: list[Query] = []
    for piece in _LIST.split(text):
        if not _LETTER.search(piece):
            continue
        stem = piece.rstrip(".:")
        word = Prefix(stem.rstrip("*"), scope) if stem.endswith("*") else Word(piece, scope)
        if scope in ("deal", "client") and _ID.fullmatch(stem):
            words.append(Term("card", stem))
        elif scope in ("deal", "client") and _OTHER_ID.fullmatch(stem):
            words.append(any_of([Term("card", stem), word]))
        else:
            words.append(word)
    return all_of(words) if words else None


def _number(text: str) -> Query:
    """A number in groups: all of it written together, or its groups as words, which they may be."""
    pieces = text.split()
    return any_of([all_of(map(Word, pieces)), Word("".join(pieces))])
