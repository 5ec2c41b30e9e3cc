"""The Flask shell around the engine: makes the application, and alone chooses what the engine is put together from."""

import os
from hashlib import sha256
from pathlib import Path

from flask import Flask

from engine.access import RolePolicy
from engine.catalog.schema import catalog_file
from engine.doctor import Patient
from engine.errors import StoreError
from engine.markup import RENDERER, SCANNER
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from wiki import current, errors, filters, headers, languages, responses, urls
from wiki.settings import Settings
from wiki.theming import Themes
from wiki.views import (
    blame,
    diff,
    feeds,
    folders,
    health,
    history,
    lists,
    media,
    opensearch,
    pages,
    recent,
    search,
    sitemap,
    static,
    suggest,
)

__version__ = "0.1.0"


def create_app(settings: Settings | None = None, wiki: Wiki | None = None) -> Flask:
    """Build the application.

    Args:
        settings: ``None`` reads them from the environment, and from the file that ``QUIRE_CONFIG`` names.
        wiki: One that is open already, and that the caller follows and closes; ``None`` opens the settings'
            repository and follows it in the background.
    """
    settings = settings or load_settings()
    app = Flask("wiki", static_folder=None, template_folder=None)
    app.request_class = urls.Request
    app.url_map.merge_slashes = False
    app.url_map.converters["address"] = urls.AddressConverter
    themes = Themes(app, Path(settings.themes) if settings.themes else None)
    if wiki is None:
        wiki = open_wiki(settings)
        wiki.follow()
        wiki.start()
    build = sha256(
        repr((__version__, RENDERER, SCANNER, themes.stamp, settings.remote_images, settings.url)).encode()
    ).hexdigest()[:12]
    kept = responses.ResponseCache(wiki, current.visitor(settings), settings.response_cache)
    current.attach(app, current.Site(settings, wiki, themes, kept, build))
    filters.register(app)
    languages.register(app, settings.interface)
    errors.register(app)
    headers.register(app)
    responses.register(app)
    for view in (
        static,
        health,
        search,
        blame,
        diff,
        feeds,
        history,
        lists,
        opensearch,
        recent,
        sitemap,
        suggest,
        folders,
        media,
        pages,
    ):
        app.register_blueprint(view.bp)
    return app


def open_wiki(settings: Settings, *, read_only: bool = False) -> Wiki:
    """Open the repository that *settings* name, with the derived data beside it.

    Args:
        settings: Which repository, and where derived data lives.
        read_only: Change nothing in the repository, not even to finish what a crash left half done.

    Raises:
        StoreError: It is no repository, or git is missing.
    """
    store = _store(settings, read_only=read_only)
    folder = _derived(store, settings)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except PermissionError as error:
        raise StoreError(f"{folder} cannot be made; name a folder of your own with --cache") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{folder} cannot be written to; name a folder of your own with --cache")
    if folder.stat().st_uid != os.getuid():
        raise StoreError(f"{folder} belongs to somebody else; name a folder of your own with --cache")
    folder.chmod(0o700)
    return Wiki.open(
        store,
        _index(folder),
        folder,
        RolePolicy(),
        cache_bytes=settings.render_cache,
        processes=settings.processes or None,
    )


def find_patient(settings: Settings) -> Patient:
    """Find what a doctor looks at, and change nothing.

    Raises:
        StoreError: There is no such repository, or git is missing.
    """
    store = _store(settings, read_only=True)
    folder = _derived(store, settings)
    return Patient(store, _index(folder), folder, catalog_file(folder, str(SCANNER)))


def _store(settings: Settings, *, read_only: bool) -> GitStore:
    root, branch = settings.root or None, settings.branch or None
    return GitStore.open(Path(settings.repository), root=root, branch=branch, read_only=read_only)


def _derived(store: GitStore, settings: Settings) -> Path:
    """Return the folder for derived data."""
    folder = store.cache_folder
    if settings.cache:  # which other repositories may share
        folder = Path(settings.cache) / sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return folder


def _index(folder: Path) -> WhooshIndex:
    return WhooshIndex(folder / f"search-{SCANNER}")  # what another scanner read is indexed anew


def load_settings() -> Settings:
    """Read the settings from the environment, and from the file that ``QUIRE_CONFIG`` names."""
    config = os.environ.get("QUIRE_CONFIG")
    return Settings.load(os.environ, Path(config) if config else None)
