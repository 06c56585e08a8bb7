"""HTML: what a browser would show, and what it would say of pictures."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .encodings import codec_of, decode

_SIZE_LIMIT_BYTES = 32 * 1024 * 1024
_HEAD_BYTES = 4096
# The charset that a page declares: https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_SKIPPED = ["script", "style", "template", "noscript"]
_BLOCKS = (
    "address, article, aside, blockquote, body, caption, center, dd, details, dialog, div, dl, dt, fieldset, "
    "figcaption, figure, footer, form, h1, h2, h3, h4, h5, h6, header, hr, legend, li, main, nav, ol, "
    "option, p, pre, section, summary, table, textarea, tr, ul, br"
)
# The parser looks through the elements around each one, so deep nesting costs the square of the depth.
_DEPTH_LIMIT = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)|<[/a-zA-Z!?][^>]*>?",
    re.DOTALL | re.IGNORECASE,
)
# Elements that never have others inside, or end where the next of their kind begins.
_NOT_NESTED = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option", "optgroup"}
)
_LINE_END = "\x1e"  # what stands for the end of a line until blanks, source lines among them, are made one
_CELL_END = "\x1f"
_BLANKS = re.compile(r"[^\S\x1e\x1f]+")
_LINE_ENDS = re.compile(r" ?(?:\x1e ?)+")


class HtmlExtractor:
    """Web pages."""

    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield title, description, and the text of the body with what is said of pictures and fields."""
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT_BYTES)
        yield from read_page(decode_page(data))


def decode_page(data: bytes) -> str:
    """Decode by the bytes themselves; a page's word for its charset counts where they leave a choice."""
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    return decode(data, declared=codec_of(declared[1].decode()) if declared else None)


def read_page(markup: str) -> Iterator[str]:
    """Yield the text of a page: title, description, body; of one nested too deeply, its words in order."""
    if _depth(markup) > _DEPTH_LIMIT:
        yield _words(markup)
        return
    page = LexborHTMLParser(markup)
    for node in page.css("title"):
        yield node.text() + "\n"
    for node in page.css("meta[name=description i], meta[name=keywords i]"):
        yield (node.attributes.get("content") or "") + "\n"
    yield from _read_body(page)


def read_body(markup: str) -> Iterator[str]:
    """Yield the text of a page without its title, which of a chapter says the name of the book."""
    if _depth(markup) > _DEPTH_LIMIT:
        yield _words(markup)
        return
    yield from _read_body(LexborHTMLParser(markup))


def _read_body(page: LexborHTMLParser) -> Iterator[str]:
    body = page.body or page.root
    if body is not None:
        yield _text(body)


def _words(markup: str) -> str:
    return html.unescape(_MARKUP.sub("\n", markup))


def _depth(markup: str) -> int:
    """Return how deeply elements are nested, or more where some are not ended."""
    open_elements: Counter[str] = Counter()
    depth = deepest = 0
    for end, name in _TAG.findall(markup):
        name = name.lower()
        if name in _NOT_NESTED:
            continue
        if not end:
            open_elements[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_elements[name]:
            open_elements[name] -= 1
            depth -= 1
    return deepest


def _text(body: LexborNode) -> str:
    body.strip_tags(_SKIPPED)
    for node in body.css("img[alt], area[alt]"):
        node.insert_after(" " + (node.attributes["alt"] or "") + " ")
    for node in body.css("input[value]:not([type=hidden i])"):
        node.insert_after(" " + (node.attributes["value"] or "") + " ")
    for node in body.css("td, th"):
        node.insert_after(_CELL_END)
    for node in body.css(_BLOCKS):
        if node.parent is not None:
            node.insert_before(_LINE_END)
            node.insert_after(_LINE_END)
    text = _BLANKS.sub(" ", body.text())
    return _LINE_ENDS.sub("\n", text).replace(_CELL_END, "\t")
