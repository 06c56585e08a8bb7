"""A process that uploads at once from many threads; started by the tests of races.

Reads one line of JSON (where to, as whom, how many, how large), waits for a line to start together with
the others, and prints how many uploads became documents and what the others were refused with.
"""

from __future__ import annotations

import collections
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import ecm
from ecm import QuotaExceeded


def main() -> None:
    """Run as told on standard input."""
    job = json.loads(sys.stdin.readline())
    with ecm.open(database=job["database"], storage=job["storage"], search=job["search"]) as app:
        actor = app.actor(job["user"])

        def upload(n: int) -> str:
            try:
                content = io.BytesIO(bytes([n % 256]) * job["size_bytes"])
                staged = app.stage(actor, content, filename=f"{n}.bin")
            except QuotaExceeded:
                return "refused"
            with app.begin(actor) as tx:
                tx.documents.add(staged, card=tx.deals.get(job["deal"]))
            return "stored"

        print("ready", flush=True)
        sys.stdin.readline()
        with ThreadPoolExecutor(job["count"]) as threads:
            print(json.dumps(collections.Counter(threads.map(upload, range(job["count"])))), flush=True)


if __name__ == "__main__":
    main()
