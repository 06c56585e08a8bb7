"""Becomes another program, within limits: ``launcher.py PARENT MEMORY_BYTES PROCESSOR_S PROGRAM ...``.

A file of its own, run by its path: what a process of several threads may do between fork and exec is next to
nothing.
"""

import os
import sys
from pathlib import Path
from types import ModuleType


def run(parent_pid: int, memory_limit_bytes: int, processor_s: float, command: list[str]) -> None:
    """Limit this process, take the network away from it, and become the program."""
    package = ModuleType("ecm")
    package.__path__ = [str(Path(__file__).resolve().parents[1])]
    sys.modules["ecm"] = package
    from ecm.drawing.network import forbid_network
    from ecm.extraction import limits

    limits.limit_this_process(memory_limit_bytes, parent_pid)
    limits.allow_processor_time(processor_s)
    forbid_network()
    os.execv(command[0], command)


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
