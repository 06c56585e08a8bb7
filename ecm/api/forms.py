"""Forms with a file, read as they come: nothing of the file is gathered in memory or in temporary files."""

from __future__ import annotations

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, Preamble

from ecm.api.errors import BrokenBody
from ecm.errors import Invalid
from ecm.storage.interface import CHUNK_BYTES, Source

ENVELOPE_MOST_BYTES = 128 * 1024
"""All of a form but its file is not longer: so a form's length tells how long its file is at least."""
FIELD_MOST_BYTES = 64 * 1024
PARTS_MOST = 200
READ_BYTES = CHUNK_BYTES // 2


class FormReader:
    """The fields and the one file of a multipart form, in the order in which they come.

    First `find_file`; then read the file to its end (this is a `Source`); then `finish`. `fields` grows
    meanwhile. BrokenBody when it is no form or ends too early; RequestEntityTooLarge; Invalid names a
    field that is not UTF-8, or a second file.
    """

    def __init__(self, body: Source, boundary: bytes) -> None:
        self.fields: dict[str, list[str]] = {}
        self.file_bytes = 0
        self._body = body
        self._decoder = MultipartDecoder(boundary, READ_BYTES + ENVELOPE_MOST_BYTES, max_parts=PARTS_MOST)
        self._read_bytes = 0
        self._pending = b""
        self._file_ended = False

    def find_file(self) -> str:
        """Read up to the file and return its name, which may be empty. Invalid when there is no file."""
        name = self._read_fields(file_allowed=True)
        if name is None:
            raise Invalid("file", "a file")
        self._check_envelope(self._read_bytes - len(self._decoder.buffer))
        return name

    def read(self, size: int, /) -> bytes:
        """The next bytes of the file; ``b""`` at its end."""
        while not self._pending and not self._file_ended:
            self._pending, self._file_ended = self._next_data()
        chunk, self._pending = self._pending[:size], self._pending[size:]
        self.file_bytes += len(chunk)
        return chunk

    def finish(self) -> None:
        """Read what comes after the file."""
        self._read_fields(file_allowed=False)
        self._check_envelope(self._read_bytes - self.file_bytes)

    def _read_fields(self, *, file_allowed: bool) -> str | None:
        """Gather fields up to the file, whose name is returned, or to the form's end."""
        while True:
            event = self._next()
            match event:
                case Epilogue():
                    return None
                case File(name="file") | Field(name="file") if not file_allowed:
                    raise Invalid("file", "one file in a form")
                case File(name="file", filename=filename):
                    return filename
                case Field(name="file"):
                    return ""
                case File(name=name) | Field(name=name):
                    self.fields.setdefault(str(name), []).append(self._read_value(str(name)))
                case Preamble():
                    continue
                case _:
                    raise BrokenBody("the body is no form")

    def _read_value(self, name: str) -> str:
        value, ended = b"", False
        while not ended:
            data, ended = self._next_data()
            value += data
            if len(value) > FIELD_MOST_BYTES:
                raise RequestEntityTooLarge(f"the field {name} is longer than {FIELD_MOST_BYTES} bytes")
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Invalid(name, "text in UTF-8") from None

    def _next_data(self) -> tuple[bytes, bool]:
        """The next bytes of the part that was begun, and whether it ends with them."""
        event = self._next()
        if not isinstance(event, Data):
            raise BrokenBody("the body is no form")
        return event.data, not event.more_data

    def _next(self) -> Event:
        while True:
            try:
                event = self._decoder.next_event()
            except (ValueError, AttributeError) as error:  # how the decoder says that it is at a loss
                raise BrokenBody("the form is broken, or ends too early") from error
            if not isinstance(event, NeedData):
                return event
            chunk = self._body.read(READ_BYTES)
            self._read_bytes += len(chunk)
            self._decoder.receive_data(chunk or None)

    def _check_envelope(self, size_bytes: int) -> None:
        if size_bytes > ENVELOPE_MOST_BYTES:
            raise RequestEntityTooLarge(
                f"all of a form but its file takes more than {ENVELOPE_MOST_BYTES} bytes"
            )
