"""The two parts of an index build, each alone: prints its seconds.

    python -m tests.benchmarks.floors scan|library REPO

``scan`` reads and scans all pages in as many processes as a build does, and keeps nothing. ``library`` hands the
plain text of all pages to Whoosh as its manual shows it, with the settings that were measured to be its fastest.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator

from whoosh import fields, index

from engine.markup import Markup
from engine.model import Form
from engine.scanning import decode_page, scan_pages
from engine.store.git_store import GitStore


def main() -> None:
    """Measure one part."""
    part, repository = sys.argv[1:]
    store = GitStore.open(repository)
    pages = [entry for entry in store.tree(store.head() or "") if entry.form is Form.PAGE]
    blobs = list(dict.fromkeys(entry.blob for entry in pages))
    if part == "scan":
        began = time.perf_counter()
        for _ in scan_pages(Markup(), store.read_many(blobs), os.cpu_count() or 1):
            pass
        taken = time.perf_counter() - began
    else:
        markup = Markup()
        paths = {entry.blob: entry.path for entry in pages}
        documents = [(paths[blob], *text) for blob, text in _texts(store, blobs, markup)]
        began = time.perf_counter()
        _write(documents)
        taken = time.perf_counter() - began
    store.close()
    print(taken)


def _texts(store: GitStore, blobs: list[str], markup: Markup) -> Iterator[tuple[str, tuple[str, str]]]:
    for blob, content in store.read_many(blobs):
        facts = markup.scan(markup.parse(decode_page(content) or ""))
        yield blob, (facts.title, facts.text)


def _write(documents: list[tuple[str, str, str]]) -> None:
    schema = fields.Schema(path=fields.ID(stored=True, unique=True), title=fields.TEXT, text=fields.TEXT)
    with tempfile.TemporaryDirectory() as folder:
        writer = index.create_in(folder, schema).writer(compound=False, limitmb=512)
        for path, title, text in documents:
            writer.add_document(path=path, title=title, text=text)
        writer.commit()


if __name__ == "__main__":
    main()
