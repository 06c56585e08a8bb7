"""The start of a guarded process that reads one workbook. It is run by its path: see `run`."""

import socket
import sys
from pathlib import Path
from types import ModuleType

PROCESSOR_S = 60


def run(descriptor: int, parent_pid: int, memory_limit_bytes: int) -> None:
    """Answer what is asked on a socket: the rows of a workbook's first sheet, or why there are none.

    A stand-in for the package `ecm` keeps the database, the web and the S3 client out.
    """
    package = ModuleType("ecm")
    package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["ecm"] = package
    from ecm.extraction import limits, wire

    limits.limit_this_process(memory_limit_bytes, parent_pid)
    limits.allow_processor_time(PROCESSOR_S)
    with socket.socket(fileno=descriptor) as connection:
        request = wire.receive(connection, limit_bytes=65536)
        wire.send(connection, read(Path(request["path"]), request["rows_most"]))


def read(path: Path, rows_most: int) -> dict[str, object]:
    """Up to so many rows and one, or the refusal's detail; raises nothing that a file can cause."""
    from itertools import islice

    from ecm.extraction.interface import Unreadable
    from ecm.extraction.spreadsheets import read_first_sheet

    try:
        return {"rows": list(islice(read_first_sheet(path), rows_most + 1)), "detail": ""}
    except Unreadable as refusal:
        return {"rows": [], "detail": refusal.detail}
    except MemoryError:
        return {"rows": [], "detail": "the file is too large"}
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes a library raise
        return {"rows": [], "detail": f"the file is damaged ({type(error).__name__})"}


if __name__ == "__main__":
    run(*map(int, sys.argv[1:4]))
