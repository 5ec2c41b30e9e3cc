"""A bare Flask view that answers with the bytes of a file, on the wiki's own server: the floor of a page view.

python -m tests.benchmarks.bare_view FILE THREADS
"""

import sys
from pathlib import Path

from flask import Flask, Response

from wiki.server import serve


def main() -> None:
    """Serve until it is ended."""
    content = Path(sys.argv[1]).read_bytes()
    app = Flask("bare")

    @app.get("/<path:path>")
    def view(path: str) -> Response:
        return Response(content, mimetype="text/html")

    serve(app, "127.0.0.1", 0, int(sys.argv[2]), lambda url: print(f"at {url}", flush=True))


if __name__ == "__main__":
    main()
