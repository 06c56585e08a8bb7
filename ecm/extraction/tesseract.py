"""The program tesseract: asked for the words on a picture and how sure it is of each."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from . import limits
from .interface import Reason, Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

LANGUAGES = ("ukr", "rus", "eng")
"""Those that are wanted, by tesseract's names, where they are installed."""
# Whole pages of any layout, turned upright first (where the data `osd` is installed; else as they lie).
_LAYOUT = "1"
_LIST_LIMIT_S = 30
# How sure tesseract is, 0 to 100. Leaves, wood and letters upside down are read as words of some 30 to 45 in
# the mean, with single ones above 60; bad scans have 60 and more, and most of their words above 30 are right.
_SURE_OF_WORD, _SURE_OF_LINE, _SURE_OF_BLOCK = 30, 60, 55
_SIGNS = frozenset("№§%&-–—")
_WORD_ROW = "5"
_OUT_OF_MEMORY = re.compile(rb"bad_alloc|[Oo]ut of memory|[Cc]annot allocate")
# № is in none of the languages' data, and comes out as these Cyrillic letters.
_NUMBER_SIGN = re.compile(r"(?<!\w)М[ео][.,]? ?(?=[\dA-ZА-ЯІЇЄҐ])")
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad\u00ac]\n(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as tesseract saw it: in which block and line, and how sure it is, 0 to 100."""

    text: str
    block: str
    line: str
    confidence: float

    @classmethod
    def of_row(cls, row: str) -> Self | None:
        """The word of a row of tesseract's table; None for rows of blocks and lines, and for blanks."""
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != _WORD_ROW or not cells[11].strip():
            return None
        return cls(cells[11].strip(), ".".join(cells[1:3]), ".".join(cells[3:5]), float(cells[10]))


class Tesseract:
    """The installed program, with those of its languages that are wanted here."""

    def __init__(self, program: str, languages: Iterable[str]) -> None:
        self._program = program
        self._languages = "+".join(languages)

    def read(self, picture: Image, time_limit_s: float) -> str:
        """Return the text on a grey picture. Raises `Unreadable`."""
        head = f"P5 {picture.width} {picture.height} 255\n".encode()  # PGM: no time is lost in packing
        command = [self._program, "stdin", "stdout", "-l", self._languages, "--psm", _LAYOUT, "tsv"]
        table = _run(command, head + picture.tobytes(), time_limit_s)
        return text_of(filter(None, map(Word.of_row, table.splitlines())))


def find_tesseract() -> Tesseract | None:
    """Return the program if it is installed with any of the languages."""
    program, languages = shutil.which("tesseract"), installed_languages()
    return Tesseract(program, languages) if program and languages else None


def installed_languages() -> tuple[str, ...]:
    """Those of `LANGUAGES` that the installed program can read; none where there is no program."""
    program = shutil.which("tesseract")
    if program is None:
        return ()
    try:
        listed = _run([program, "--list-langs"], b"", _LIST_LIMIT_S).split()
    except Unreadable:
        return ()
    return tuple(language for language in LANGUAGES if language in listed)


def text_of(words: Iterable[Word]) -> str:
    """Put words together to lines and paragraphs, without what is no text at all: leaves, wood, stains."""
    blocks = (_block_text(list(block)) for _, block in itertools.groupby(words, lambda word: word.block))
    text = "\n\n".join(filter(None, blocks))
    return _NUMBER_SIGN.sub("№ ", _BROKEN_WORD.sub("", text))


def _block_text(words: list[Word]) -> str:
    characters = sum(len(word.text) for word in words)
    if sum(word.confidence * len(word.text) for word in words) < _SURE_OF_BLOCK * characters:
        return ""
    lines = (list(line) for _, line in itertools.groupby(words, lambda word: word.line))
    return "\n".join(
        " ".join(word.text for word in line if word.confidence >= _SURE_OF_WORD and _is_word(word.text))
        for line in lines
        if max(word.confidence for word in line) >= _SURE_OF_LINE
    ).strip()


def _is_word(text: str) -> bool:
    return text in _SIGNS or any(map(str.isalnum, text))


def _run(command: list[str], given: bytes, time_limit_s: float) -> str:
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # its threads win little, and take all processors
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            timeout=time_limit_s,
            env=environment,
            preexec_fn=limits.helper_setup(),
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("time_limit", "reading a picture took longer than is allowed") from error
    except OSError as error:
        raise Unreadable("crashed", "tesseract can't be started") from error
    if done.returncode:
        reason: Reason = "memory_limit" if _OUT_OF_MEMORY.search(done.stderr) else "crashed"
        raise Unreadable(reason, "tesseract gave up on a picture")
    return done.stdout.decode("utf-8", "replace")
