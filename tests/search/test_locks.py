from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ecm.search.locks import LockTimeout, locked

HOLD = """
import sys
from pathlib import Path
from ecm.search.locks import locked
with locked(Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_shuts_out_other_threads_and_is_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with ThreadPoolExecutor(1) as pool:

        def take() -> str:
            with locked(path, 0.05):
                return "taken"

        with locked(path, 0), pytest.raises(LockTimeout):
            pool.submit(take).result(10)
        assert pool.submit(take).result(10) == "taken"


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockTimeout), locked(path, 0.05):
            pass
        holder.kill()
        holder.wait(10)
        with locked(path, 5):
            pass


def test_who_holds_a_lock_may_delete_its_file_at_last_and_never_lets_in_two(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    inside, most = 0, 0
    counting = threading.Lock()

    def enter(number: int) -> None:
        nonlocal inside, most
        with locked(path, 30):
            with counting:
                inside += 1
                most = max(most, inside)
            with counting:
                inside -= 1
            if number % 2:
                path.unlink()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, range(40)))
    assert most == 1


def test_an_error_within_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "lock", 0):
        raise KeyError
    with locked(tmp_path / "lock", 0):
        pass
