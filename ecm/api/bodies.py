"""What may come in: bodies are well-formed, and those of JSON small, before a view or a schema sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flask import Request, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from ecm.api.errors import BrokenJson
from ecm.errors import Invalid
from ecm.texts import has_nul

View = TypeVar("View", bound=Callable[..., Any])

JSON_MOST_BYTES = 1024 * 1024
NUL = "\0"


def streamed(view: View) -> View:
    """Mark a view that reads its body itself, of any size and type."""
    view.is_streamed = True  # type: ignore[attr-defined]
    return view


def check_address() -> None:
    """No database takes a NUL character; nobody means one. 400."""
    if has_nul(request.path, request.query_string):
        raise BadRequest("the address has a NUL character in it")


class FormParser(FormDataParser):
    """Reads forms, as Flask does; BadRequest for one with a NUL character, which browsers let nobody type."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """The stream, the fields and the files of a form."""
        stream, fields, files = super().parse(*args, **kwargs)
        if any(NUL in name or NUL in value for name, value in fields.items(multi=True)):
            for _, file in files.items(multi=True):
                file.close()
            raise BadRequest("the form has a NUL character in it")
        return stream, fields, files


class CheckedRequest(Request):
    """A request whose form is checked when it is read."""

    form_data_parser_class = FormParser


def check_json_body() -> None:
    """Read the body, up to 1 MiB whatever the header says of it, and see that it is a JSON object.

    RequestEntityTooLarge, UnsupportedMediaType, BrokenJson; Invalid for JSON that is no object, or
    has a character in it that is none.
    """
    request.max_content_length = JSON_MOST_BYTES + 1  # a longer one of no declared length is cut there
    data = request.get_data(cache=True)
    if len(data) > JSON_MOST_BYTES:
        raise RequestEntityTooLarge(f"the body is longer than {JSON_MOST_BYTES} bytes")
    if not data:
        return
    if not request.is_json:
        raise UnsupportedMediaType("the body should be application/json")
    try:
        value = json.loads(data.decode())
    except RecursionError:
        raise BrokenJson("the body is nested too deeply") from None
    except ValueError as error:
        raise BrokenJson(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Invalid("body", "a JSON object")
    if b"\\u" in data:  # only an escape can bring such a character
        for name, text in _texts("body", value):
            if NUL in text or not _is_unicode(text):
                raise Invalid(name, "characters of Unicode, but for NUL")


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(name, each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield name, key
            yield from _texts(key, each)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
