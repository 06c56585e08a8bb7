"""What every storage keeps to, wrappers too. A backend's own test supplies a `place` and inherits all."""

from __future__ import annotations

import hashlib
import random
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecm.storage.errors import AlreadyExists, Corrupt, InvalidKey, NotFound, StorageError
from ecm.storage.interface import CHUNK_BYTES, Storage

MIB = 1024 * 1024
SMALL = 1000
LARGE = 9 * MIB + 5
"""More than a backend sends in one request."""


class Place(Protocol):
    """Where the blobs of one test are."""

    def open(self) -> Storage:
        """A new storage object over the same place, as another process would have it."""

    def leftovers(self) -> list[str]:
        """Whatever is there beside whole blobs and their exact count."""


class BrokenPipe(Exception):
    """What the sources below raise."""


class BrokenSource:
    """Gives some bytes, then raises."""

    def __init__(self, content: bytes) -> None:
        self._content = BytesIO(content)

    def read(self, size: int, /) -> bytes:
        chunk = self._content.read(size)
        if not chunk:
            raise BrokenPipe
        return chunk


class EndlessSource:
    """Gives bytes for ever, and counts them."""

    given_bytes = 0

    def read(self, size: int, /) -> bytes:
        self.given_bytes += size
        assert self.given_bytes < 100 * MIB
        return b"x" * size


class WatchedSource:
    """Gives bytes a few at a time, and lets a test look around at the end of them."""

    def __init__(self, content: bytes, look: Callable[[], None]) -> None:
        self._content = BytesIO(content)
        self._look = look

    def read(self, size: int, /) -> bytes:
        chunk = self._content.read(min(size, 100_000))
        if not chunk:
            self._look()
        return chunk


def make_bytes(size: int, seed: object = 0) -> bytes:
    return random.Random(f"{size} {seed}").randbytes(size)


def hash_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_blob(storage: Storage, key: str, start: int = 0, length_bytes: int | None = None) -> bytes:
    with storage.open(key, start=start, length_bytes=length_bytes) as reader:
        return reader.read()


def list_keys(storage: Storage, prefix: str = "") -> list[str]:
    return [info.key for info in storage.list(prefix)]


def upload(storage: Storage, key: str, *pieces: bytes) -> str:
    """An upload that has all its pieces and is not finished."""
    state = storage.begin(key, size_bytes=sum(map(len, pieces)))
    for piece in pieces:
        state = storage.append(key, state, BytesIO(piece)).state
    return state


def run_in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class StorageContract:
    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError("a backend's test supplies a place")

    @pytest.fixture
    def storage(self, place: Place) -> Storage:
        return place.open()

    # Whole blobs.

    @pytest.mark.parametrize(
        "size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * MIB + 7, 8 * MIB, 16 * MIB, 17 * MIB + 3]
    )
    @pytest.mark.parametrize("promised", [True, False])
    def test_a_blob_comes_back_as_it_went_in(
        self, storage: Storage, place: Place, size: int, promised: bool
    ) -> None:
        content = make_bytes(size)
        promises = {"size_bytes": size, "sha256": hash_bytes(content)} if promised else {}
        info = storage.put("a/blob", BytesIO(content), **promises)  # type: ignore[arg-type]
        assert (info.key, info.size_bytes, info.sha256) == ("a/blob", size, hash_bytes(content))
        with place.open().open("a/blob") as reader:
            assert reader.size_bytes == reader.remaining_bytes == size
            assert reader.read() == content
            assert reader.remaining_bytes == 0
            assert reader.read(10) == b""
        assert place.leftovers() == []

    def test_a_source_may_give_a_few_bytes_at_a_time(self, storage: Storage) -> None:
        content = make_bytes(2 * MIB)
        storage.put("slow", WatchedSource(content, lambda: None), size_bytes=len(content))
        assert read_blob(storage, "slow") == content

    def test_a_reader_gives_what_it_is_asked_for(self, storage: Storage) -> None:
        content = make_bytes(SMALL)
        storage.put("blob", BytesIO(content))
        with storage.open("blob") as reader:
            assert reader.read(0) == b""
            first = reader.read(300)
            assert 0 < len(first) <= 300
            assert reader.remaining_bytes == SMALL - len(first)
            assert first + reader.read() == content

    def test_what_is_known_of_a_blob_is_told_without_reading_it(self, storage: Storage) -> None:
        content = make_bytes(SMALL)
        before = datetime.now(UTC) - timedelta(minutes=1)
        put = storage.put("blob", BytesIO(content))
        found = storage.stat("blob")
        assert (found.key, found.size_bytes) == ("blob", SMALL)
        assert found.sha256 in (None, hash_bytes(content))
        assert before < put.modified_at < before + timedelta(minutes=2)
        assert before < found.modified_at < before + timedelta(minutes=2)

    def test_a_key_that_is_free_is_not_found(self, storage: Storage) -> None:
        storage.put("there/blob", BytesIO(b"1"))
        for key in ("nothing", "there", "there/other", "there/blob/below"):
            with pytest.raises(NotFound) as raised:
                storage.open(key)
            assert raised.value.key == key
            with pytest.raises(NotFound):
                storage.stat(key)

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    @pytest.mark.parametrize("difference", [-1, 1])
    def test_another_size_than_promised_is_refused(
        self, storage: Storage, place: Place, size: int, difference: int
    ) -> None:
        with pytest.raises(Corrupt) as raised:
            storage.put("blob", BytesIO(make_bytes(size)), size_bytes=size + difference)
        assert (raised.value.what, raised.value.expected) == ("size", size + difference)
        self.expect_nothing(storage, place)

    def test_a_source_without_end_is_not_read_to_its_end(self, storage: Storage, place: Place) -> None:
        source = EndlessSource()
        with pytest.raises(Corrupt):
            storage.put("blob", source, size_bytes=SMALL)
        assert source.given_bytes < 10 * MIB
        self.expect_nothing(storage, place)

    @pytest.mark.parametrize("size", [0, SMALL, LARGE])
    def test_another_checksum_than_promised_is_refused(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        with pytest.raises(Corrupt) as raised:
            storage.put("blob", BytesIO(make_bytes(size)), sha256=hash_bytes(b"other"))
        assert (raised.value.expected, raised.value.found) == (
            hash_bytes(b"other"),
            hash_bytes(make_bytes(size)),
        )
        self.expect_nothing(storage, place)

    @pytest.mark.parametrize("size", [0, SMALL, LARGE])
    def test_a_source_that_breaks_leaves_nothing_and_its_error_comes_through(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        with pytest.raises(BrokenPipe):
            storage.put("blob", BrokenSource(make_bytes(size)), size_bytes=2 * LARGE)
        with pytest.raises(BrokenPipe):
            storage.put("blob", BrokenSource(make_bytes(size)))
        self.expect_nothing(storage, place)
        storage.put("blob", BytesIO(b"then it works"))
        assert read_blob(storage, "blob") == b"then it works"

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_no_reader_sees_half_a_blob(self, storage: Storage, place: Place, size: int) -> None:
        other = place.open()

        def expect_nothing_yet() -> None:
            assert list_keys(other) == []
            with pytest.raises(NotFound):
                other.stat("blob")
            with pytest.raises(NotFound):
                other.open("blob")

        storage.put("blob", WatchedSource(make_bytes(size), expect_nothing_yet))
        assert list_keys(other) == ["blob"]

    @pytest.mark.parametrize("size", [0, SMALL, LARGE])
    def test_a_blob_is_never_replaced(self, storage: Storage, place: Place, size: int) -> None:
        storage.put("blob", BytesIO(b"first"))
        with pytest.raises(AlreadyExists) as raised:
            storage.put("blob", BytesIO(make_bytes(size)), size_bytes=size)
        assert raised.value.key == "blob"
        assert read_blob(storage, "blob") == b"first"
        assert place.leftovers() == []

    def test_of_many_writers_of_one_key_exactly_one_wins(self, storage: Storage, place: Place) -> None:
        writers = 8
        start = threading.Barrier(writers)
        outcomes: list[object] = [None] * writers

        def write(number: int) -> None:
            own = place.open()
            start.wait()
            try:
                own.put("blob", BytesIO(make_bytes(SMALL, number)))
                outcomes[number] = "won"
            except StorageError as error:
                outcomes[number] = error

        run_in_threads(writers, write)
        assert outcomes.count("won") == 1
        assert all(isinstance(outcome, AlreadyExists) for outcome in outcomes if outcome != "won"), outcomes
        assert read_blob(storage, "blob") == make_bytes(SMALL, outcomes.index("won"))
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_a_slow_writer_does_not_replace_what_a_faster_one_put_meanwhile(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        other = place.open()
        slow, fast = make_bytes(size, "slow"), make_bytes(size, "fast")
        won = []

        def overtake() -> None:
            with suppress(AlreadyExists):
                other.put("blob", BytesIO(fast))
                won.append(fast)

        with suppress(AlreadyExists):
            storage.put("blob", WatchedSource(slow, overtake))
            won.append(slow)
        assert len(won) == 1
        assert read_blob(storage, "blob") == won[0]
        assert place.leftovers() == []

    @pytest.mark.parametrize(
        "key",
        [
            *("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a..b", ".hidden", "a/.hidden", "-a"),
            *("Upper", "два", "a b", "a\n", "a\0", "a\\b", "a:b", "a" * 256),
        ],
    )
    def test_a_key_of_another_form_is_refused_everywhere(self, storage: Storage, key: str) -> None:
        state = storage.begin("good", size_bytes=1)
        for use in (
            lambda: storage.put(key, BytesIO(b"")),
            lambda: storage.open(key),
            lambda: storage.stat(key),
            lambda: storage.delete(key),
            lambda: storage.begin(key, size_bytes=1),
            lambda: storage.append(key, state, BytesIO(b"1")),
            lambda: storage.finish(key, state),
            lambda: storage.abort(key, state),
        ):
            with pytest.raises(InvalidKey):
                use()
        assert list_keys(storage) == []

    def test_a_long_key_is_a_key(self, storage: Storage) -> None:
        for key in ("a" * 255, "/".join(["b" * 63] * 3 + ["c" * 63])):
            storage.put(key, BytesIO(b"1"))
            assert read_blob(storage, key) == b"1"

    def test_delete_makes_the_key_free_and_may_be_repeated(self, storage: Storage, place: Place) -> None:
        storage.put("a/blob", BytesIO(b"first"))
        storage.delete("a/blob")
        storage.delete("a/blob")
        storage.delete("a")
        storage.delete("never/there")
        assert list_keys(storage) == []
        storage.put("a/blob", BytesIO(b"second"))
        storage.delete("a/blob/below")
        assert read_blob(storage, "a/blob") == b"second"
        assert place.leftovers() == []

    def test_a_blob_that_is_being_read_may_be_deleted(self, storage: Storage) -> None:
        storage.put("blob", BytesIO(b"content"))
        with storage.open("blob"):
            storage.delete("blob")
        assert list_keys(storage) == []

    def test_list_is_in_the_order_of_keys_and_keeps_to_the_prefix(
        self, storage: Storage, place: Place
    ) -> None:
        keys = ["company-1/10", "company-1/9", "company-2/0/1", "company-2/0/2", "company-2/a", "x", "y.z"]
        for number, key in enumerate(random.Random(1).sample(keys, len(keys))):
            storage.put(key, BytesIO(b"1" * number))
        storage.begin("company-1/under-way", size_bytes=LARGE)
        found = list(place.open().list())
        assert [info.key for info in found] == keys
        assert {info.key: info.size_bytes for info in found} == {
            key: storage.stat(key).size_bytes for key in keys
        }
        assert list_keys(storage, "company-1/") == keys[:2]
        assert list_keys(storage, "company-") == keys[:5]
        assert list_keys(storage, "company-2/0") == keys[2:4]
        assert list_keys(storage, "company-2/0/2") == ["company-2/0/2"]
        assert list_keys(storage, "company-2/0/2/") == []
        for nowhere in ("z", "company-3/", "../", "/", "."):
            assert list_keys(storage, nowhere) == []

    def test_list_shows_more_than_one_page(self, storage: Storage) -> None:
        keys = [f"many/{number:04}" for number in range(1010)]

        def put_some(worker: int) -> None:
            for key in keys[worker::4]:
                storage.put(key, BytesIO(b"1"))

        run_in_threads(4, put_some)
        assert list_keys(storage, "many/") == keys

    # Ranges.

    @pytest.mark.parametrize(
        ("start", "length"),
        [
            *((0, None), (0, 1), (0, SMALL), (17, 100), (SMALL - 10, None), (SMALL - 1, 1)),
            *((SMALL, None), (SMALL, 0), (0, 0), (500, 0)),
        ],
    )
    def test_a_range_is_what_it_says(self, storage: Storage, start: int, length: int | None) -> None:
        content = make_bytes(SMALL)
        storage.put("blob", BytesIO(content))
        expected = content[start:] if length is None else content[start : start + length]
        with storage.open("blob", start=start, length_bytes=length) as reader:
            assert reader.size_bytes == SMALL
            assert reader.remaining_bytes == len(expected)
            assert reader.read(SMALL * 2) == expected

    @pytest.mark.parametrize(
        ("start", "length"),
        [(SMALL + 1, None), (SMALL + 1, 0), (SMALL, 1), (0, SMALL + 1), (SMALL - 1, 2), (-1, None), (0, -1)],
    )
    def test_a_range_outside_of_the_blob_is_refused(
        self, storage: Storage, start: int, length: int | None
    ) -> None:
        storage.put("blob", BytesIO(make_bytes(SMALL)))
        with pytest.raises(Corrupt):
            storage.open("blob", start=start, length_bytes=length)

    def test_an_empty_blob_has_one_range(self, storage: Storage) -> None:
        storage.put("empty", BytesIO(b""))
        assert read_blob(storage, "empty") == read_blob(storage, "empty", 0, 0) == b""
        for start, length in ((0, 1), (1, None), (1, 0)):
            with pytest.raises(Corrupt):
                storage.open("empty", start=start, length_bytes=length)

    def test_a_range_of_nothing_is_not_found(self, storage: Storage) -> None:
        for start, length in ((0, 0), (1, None), (1, 1)):
            with pytest.raises(NotFound):
                storage.open("nothing", start=start, length_bytes=length)

    def test_a_range_far_into_a_large_blob(self, storage: Storage) -> None:
        content = make_bytes(LARGE)
        storage.put("blob", BytesIO(content))
        assert read_blob(storage, "blob", 8 * MIB - 10, 20) == content[8 * MIB - 10 : 8 * MIB + 10]
        assert read_blob(storage, "blob", LARGE - 5) == content[-5:]

    # Capabilities.

    def test_what_is_declared_is_there(self, storage: Storage) -> None:
        content = make_bytes(SMALL)
        storage.put("blob", BytesIO(content))
        assert hasattr(storage, "presigned_url") == storage.capabilities.presigned_urls
        with storage.open("blob", start=100, length_bytes=200) as reader:
            assert hasattr(reader, "fileno") == storage.capabilities.seekable_files
            if hasattr(reader, "fileno"):
                with open(reader.fileno(), "rb", buffering=0, closefd=False) as file:
                    assert (file.tell(), file.read(200)) == (100, content[100:300])

    # Uploads in pieces.

    @pytest.mark.parametrize(
        "sizes",
        [
            [0],
            [1],
            [SMALL, 0, 1],
            [5 * MIB],
            [3 * MIB, 2 * MIB],
            [5 * MIB, 1],
            [8 * MIB, 8 * MIB],
            [1, 100_000, 5 * MIB - 1, 3, 0, 6 * MIB, 13 * MIB + 9, 4],
        ],
    )
    def test_pieces_make_a_blob(self, storage: Storage, place: Place, sizes: list[int]) -> None:
        pieces = [make_bytes(size, number) for number, size in enumerate(sizes)]
        content = b"".join(pieces)
        state = storage.begin("a/blob", size_bytes=len(content))
        offset = 0
        for piece in pieces:
            # Each in a storage of its own: the state is all that goes from one to the next.
            appended = place.open().append("a/blob", state, BytesIO(piece))
            state = appended.state
            offset += len(piece)
            assert appended.offset_bytes == offset
            assert list_keys(storage) == []
        info = place.open().finish("a/blob", state)
        assert (info.key, info.size_bytes) == ("a/blob", len(content))
        assert info.sha256 in (None, hash_bytes(content))
        assert read_blob(storage, "a/blob") == content
        assert list_keys(storage) == ["a/blob"]
        assert place.leftovers() == []

    @pytest.mark.parametrize("forgotten", [10, 3 * MIB, 7 * MIB])
    @pytest.mark.parametrize("kept", [10, 6 * MIB])
    def test_a_piece_whose_state_was_not_kept_never_was(
        self, storage: Storage, place: Place, kept: int, forgotten: int
    ) -> None:
        first, last = make_bytes(kept, "first"), make_bytes(8 * MIB, "last")
        begun = storage.begin("blob", size_bytes=kept + len(last))
        storage.append("blob", begun, BytesIO(make_bytes(forgotten, "x")))
        state = storage.append("blob", begun, BytesIO(first)).state
        storage.append("blob", state, BytesIO(make_bytes(forgotten, "y")))
        storage.append("blob", state, BytesIO(make_bytes(8 * MIB, "z")))
        appended = storage.append("blob", state, BytesIO(last))
        assert appended.offset_bytes == kept + len(last)
        storage.finish("blob", appended.state)
        assert read_blob(storage, "blob") == first + last
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_an_upload_that_lacks_bytes_is_not_finished(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        content = make_bytes(size)
        state = storage.begin("blob", size_bytes=size)
        with pytest.raises(Corrupt):
            storage.finish("blob", state)
        state = storage.append("blob", state, BytesIO(content[:-1])).state
        with pytest.raises(Corrupt) as raised:
            storage.finish("blob", state)
        assert (raised.value.expected, raised.value.found) == (size, size - 1)
        assert list_keys(storage) == []
        state = storage.append("blob", state, BytesIO(content[-1:])).state
        storage.finish("blob", state)
        assert read_blob(storage, "blob") == content
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_more_bytes_than_begun_with_are_refused(self, storage: Storage, place: Place, size: int) -> None:
        content = make_bytes(size)
        state = storage.begin("blob", size_bytes=size)
        with pytest.raises(Corrupt):
            storage.append("blob", state, BytesIO(content + b"1"))
        state = storage.append("blob", state, BytesIO(content[:100])).state
        source = EndlessSource()
        with pytest.raises(Corrupt):
            storage.append("blob", state, source)
        assert source.given_bytes < size + 10 * MIB
        state = storage.append("blob", state, BytesIO(content[100:])).state
        with pytest.raises(Corrupt):
            storage.append("blob", state, BytesIO(b"1"))
        storage.finish("blob", state)
        assert read_blob(storage, "blob") == content
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_after_a_piece_that_broke_the_old_state_goes_on(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        content = make_bytes(size)
        begun = storage.begin("blob", size_bytes=size)
        state = storage.append("blob", begun, BytesIO(content[:10])).state
        with pytest.raises(BrokenPipe):
            storage.append("blob", state, BrokenSource(make_bytes(size - 100, "x")))
        state = storage.append("blob", state, BytesIO(content[10:])).state
        storage.finish("blob", state)
        assert read_blob(storage, "blob") == content
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [0, SMALL, LARGE])
    def test_abort_leaves_nothing_and_may_be_repeated(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        content = make_bytes(size)
        begun = storage.begin("blob", size_bytes=size)
        state = storage.append("blob", begun, BytesIO(content[: size // 2])).state
        storage.append("blob", state, BytesIO(content[size // 2 :]))
        storage.abort("blob", state)
        storage.abort("blob", state)
        storage.abort("blob", begun)
        self.expect_nothing(storage, place)

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_an_aborted_upload_cannot_be_finished(self, storage: Storage, place: Place, size: int) -> None:
        state = upload(storage, "blob", make_bytes(size))
        storage.abort("blob", state)
        with pytest.raises(NotFound):
            storage.finish("blob", state)
        self.expect_nothing(storage, place)

    @pytest.mark.parametrize("size", [0, SMALL, LARGE])
    def test_a_finished_upload_is_no_longer_touched(self, storage: Storage, place: Place, size: int) -> None:
        content = make_bytes(size)
        state = upload(storage, "blob", content)
        storage.finish("blob", state)
        with pytest.raises(AlreadyExists):
            storage.finish("blob", state)
        storage.abort("blob", state)
        assert read_blob(storage, "blob") == content
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_an_upload_does_not_replace_a_blob(self, storage: Storage, place: Place, size: int) -> None:
        storage.put("blob", BytesIO(b"first"))
        states: list[str] = []

        def upload_all() -> None:
            states.append(storage.begin("blob", size_bytes=size))
            states.append(storage.append("blob", states[-1], BytesIO(make_bytes(size))).state)
            storage.finish("blob", states[-1])

        with pytest.raises(AlreadyExists):
            upload_all()
        for state in states:
            storage.abort("blob", state)
        assert read_blob(storage, "blob") == b"first"
        assert place.leftovers() == []

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_of_a_put_and_an_upload_exactly_one_wins(self, storage: Storage, place: Place, size: int) -> None:
        uploaded, content = make_bytes(size, "uploaded"), make_bytes(size, "put")
        state = upload(storage, "blob", uploaded)
        won = []
        with suppress(AlreadyExists):
            storage.put("blob", BytesIO(content))
            won.append(content)
        with suppress(AlreadyExists):
            storage.finish("blob", state)
            won.append(uploaded)
        assert len(won) == 1
        storage.abort("blob", state)
        assert read_blob(storage, "blob") == won[0]
        assert place.leftovers() == []

    def test_uploads_to_different_keys_do_not_mix(self, storage: Storage, place: Place) -> None:
        contents = {f"many/{number}": make_bytes(LARGE, number) for number in range(3)}
        states = {key: storage.begin(key, size_bytes=LARGE) for key in contents}
        for start in range(0, LARGE, 3 * MIB):
            for key, content in contents.items():
                piece = BytesIO(content[start : start + 3 * MIB])
                states[key] = storage.append(key, states[key], piece).state
        storage.abort("many/0", states.pop("many/0"))
        for key, state in states.items():
            storage.finish(key, state)
        assert list_keys(storage) == ["many/1", "many/2"]
        assert all(read_blob(storage, key) == contents[key] for key in states)
        assert place.leftovers() == []

    @settings(
        max_examples=8,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,  # each example has a key of its own
            HealthCheck.differing_executors,  # the backends' classes, on purpose
            HealthCheck.too_slow,
        ],
        print_blob=True,
    )
    @given(
        pieces=st.lists(
            st.tuples(
                st.one_of(
                    st.integers(0, 100),
                    st.integers(0, 6 * MIB),
                    st.sampled_from([5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 8 * MIB]),
                ),
                st.booleans(),
            ),
            max_size=7,
        )
    )
    def test_any_pieces_kept_or_forgotten_make_the_blob(
        self, place: Place, pieces: list[tuple[int, bool]]
    ) -> None:
        storage = place.open()
        content = b"".join(make_bytes(size, n) for n, (size, kept) in enumerate(pieces) if kept)
        room = len(content) + max((size for size, kept in pieces if not kept), default=0)
        content += make_bytes(room - len(content), "rest")
        key = f"any/{uuid.uuid4().hex}"
        state = begun = storage.begin(key, size_bytes=room)
        offset = 0
        try:
            for number, (size, kept) in enumerate(pieces):
                appended = storage.append(key, state, BytesIO(make_bytes(size, number)))
                assert appended.offset_bytes == offset + size
                if kept:
                    state, offset = appended.state, appended.offset_bytes
            state = storage.append(key, state, BytesIO(content[offset:])).state
            storage.finish(key, state)
            assert read_blob(storage, key) == content
            assert place.leftovers() == []
        finally:
            storage.abort(key, begun)

    # What dead writers leave.

    @pytest.mark.parametrize("size", [SMALL, LARGE])
    def test_what_dead_writers_left_is_collected_and_nothing_else(
        self, storage: Storage, place: Place, size: int
    ) -> None:
        content = make_bytes(size)
        storage.put("blob", BytesIO(content))
        state = storage.begin("dead", size_bytes=size)
        storage.append("dead", state, BytesIO(content[: size - 10]))
        alive = storage.begin("alive", size_bytes=size)
        alive = storage.append("alive", alive, BytesIO(content[:10])).state
        assert storage.collect(older_than_s=3600) == 0
        alive = storage.append("alive", alive, BytesIO(content[10:])).state
        storage.finish("alive", alive)
        assert storage.collect(older_than_s=0) > 0
        assert storage.collect(older_than_s=0) == 0
        storage.abort("dead", state)
        assert list_keys(storage) == ["alive", "blob"]
        assert read_blob(storage, "blob") == read_blob(storage, "alive") == content
        assert place.leftovers() == []

    def expect_nothing(self, storage: Storage, place: Place) -> None:
        assert list_keys(storage) == []
        with pytest.raises(NotFound):
            storage.stat("blob")
        assert place.leftovers() == []
