"""`python -m tests.bench.bare_service FOLDER`: a Flask view that hashes a body to disk, and one that sends it
back by `send_file`; on the web server of the service, with its threads and what stands around an application.
"""

from __future__ import annotations

import secrets
import sys
import threading
from pathlib import Path

from flask import Flask, Response, jsonify, request, send_file

from ecm.http_server import HttpServer
from ecm.serving import THREADS, listen, stop_on_signals
from tests.bench.durable import write_durably

STALL_S = 60


def create_app(folder: Path) -> Flask:
    """The application: nothing but the two views."""
    app = Flask("bare", static_folder=None)

    @app.post("/files")
    def upload() -> tuple[Response, int]:
        name = secrets.token_hex(16)
        sha256 = write_durably(request.stream, folder / name)
        return jsonify(id=name, sha256=sha256), 201

    @app.get("/files/<name>")
    def download(name: str) -> Response:
        return send_file(folder / name, mimetype="application/octet-stream")

    @app.delete("/files/<name>")
    def delete(name: str) -> tuple[str, int]:
        (folder / name).unlink()
        return "", 204

    return app


def main() -> None:
    """Serve until told to stop, on a free port that is told on standard output."""
    folder = Path(sys.argv[1])
    listener = listen("127.0.0.1", 0)
    print(f"serving on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def idle() -> None:
        stop = threading.Event()
        stop_on_signals(stop)
        stop.wait()

    HttpServer(lambda: create_app(folder), listener, threads=THREADS, stall_s=STALL_S, background=idle).run()


if __name__ == "__main__":
    main()
