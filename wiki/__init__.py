"""The Flask shell around the engine: makes the application, and alone chooses what the engine is put together from."""

import os
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.access import Protections, RolePolicy
from engine.catalog.schema import catalog_file
from engine.doctor import Patient
from engine.errors import StoreError
from engine.markup import RENDERER, SCANNER
from engine.model import Author
from engine.pushing import Limits as PushLimits
from engine.search.whoosh_index import WhooshIndex
from engine.settling import Limits
from engine.store.git_backend import GitBackend
from engine.store.git_hooks import Installation
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from wiki import (
    csrf,
    current,
    draft_owners,
    entrance,
    errors,
    filters,
    headers,
    languages,
    priority,
    responses,
    saving,
    uploading,
    urls,
)
from wiki.identity import LOCAL_AUTHOR, Door
from wiki.mirror import Mirror, sending
from wiki.settings import Settings
from wiki.state import State, data_folder, has_accounts
from wiki.theming import Themes
from wiki.transport import Transport, smart_http
from wiki.transport.hooks import Hooks, installed
from wiki.transport.host import WAIT, Host
from wiki.transport.slots import Slots
from wiki.views import (
    account,
    admin,
    blame,
    changes,
    commit,
    deleting,
    diff,
    drafts,
    edit,
    feeds,
    folders,
    health,
    history,
    hooks,
    lists,
    media,
    mirror,
    moving,
    new,
    opensearch,
    pages,
    previews,
    protecting,
    recent,
    search,
    sitemap,
    static,
    suggest,
    undoing,
    uploads,
)
from wiki.waiting import Waiting
from wiki.webhooks import Webhooks

__version__ = "0.1.0"

FORM = 8
"""Fields of a form may be so many times as large as a page, so that one that is too large comes back to its author.

Browsers send each line end as two bytes, so a text of half as many times always does.
"""
PARTS = 20_000  # fields of one form: a conflict has one for each place


def create_app(
    settings: Settings | None = None, wiki: Wiki | None = None, state: State | None = None
) -> Flask:
    """Build the application.

    Args:
        settings: ``None`` reads them from the environment, and from the file that ``QUIRE_CONFIG`` names.
        wiki: One that is open already, and that the caller follows and closes; ``None`` opens the settings'
            repository and follows it in the background.
        state: One that is open already, and that the caller closes; ``None`` opens that of the settings' repository,
            and for a *wiki* that was given one that is thrown away with the application.
    """
    settings = settings or load_settings()
    app = Flask("wiki", static_folder=None, template_folder=None)
    app.request_class = urls.Request
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM * settings.page_bytes
    app.config["MAX_FORM_PARTS"] = PARTS
    app.config["MAX_CONTENT_LENGTH"] = settings.upload_bytes + app.config["MAX_FORM_MEMORY_SIZE"]
    app.url_map.merge_slashes = False
    app.url_map.converters["address"] = urls.AddressConverter
    themes = Themes(app, Path(settings.themes) if settings.themes else None)
    local, transport, git_hooks, kept_same = LOCAL_AUTHOR, None, None, None
    follows = wiki is None
    if wiki is None:
        local = local_author(settings)
        state = state or open_state(settings)
        secret = state.signing.sign("key of a call", "").encode()
        wiki = open_wiki(settings, protections=state.protections, secret=secret)
        git_hooks = open_hooks(settings)
        transport = open_transport(settings, git_hooks) if git_hooks is not None else None
        kept_same = open_mirror(settings, wiki, state)
        wiki.follow()
        wiki.start()
    state = state or (open_state(settings) if settings.data else State.passing())
    build = sha256(
        repr(
            (
                __version__,
                RENDERER,
                SCANNER,
                themes.stamp,
                settings.remote_images,
                settings.url,
                settings.anonymous,
            )
        ).encode()
    ).hexdigest()[:12]
    door = Door(settings, state, local)
    kept = responses.ResponseCache(wiki, door, settings.response_cache)
    current.attach(
        app,
        current.Site(
            settings,
            wiki,
            state,
            door,
            themes,
            kept,
            build,
            transport,
            git_hooks,
            kept_same,
            remote_secret=settings.remote_secret(),
        ),
    )
    told = Webhooks(
        wiki,
        state.webhooks,
        settings.webhook_urls,
        settings.webhook_secret() if settings.webhook_urls else b"",
        state.database.path.parent / "webhooks.lock",
    )
    app.extensions["quire.webhooks"] = told
    if follows:
        told.start()
    if kept_same is not None:
        kept_same.start()
    if git_hooks is not None:
        listen(git_hooks, current.site(app), local)
    app.extensions["quire.waiting"] = Waiting()
    uploading.pending(app).sweep()
    filters.register(app)
    languages.register(app, settings.interface)
    errors.register(app)
    headers.register(app)
    entrance.register(app)
    csrf.register(app)
    draft_owners.register(app)
    responses.register(app)
    saving.register(app)
    priority.register(app)
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    for view in (
        account,
        admin,
        static,
        health,
        search,
        blame,
        changes,
        commit,
        deleting,
        diff,
        drafts,
        edit,
        feeds,
        history,
        hooks,
        lists,
        mirror,
        moving,
        new,
        opensearch,
        previews,
        recent,
        sitemap,
        suggest,
        undoing,
        protecting,
        uploads,
        smart_http,
        folders,
        media,
        pages,
    ):
        app.register_blueprint(view.bp)
    return app


def open_wiki(
    settings: Settings,
    *,
    protections: Protections | None = None,
    read_only: bool = False,
    secret: bytes = b"",
) -> Wiki:
    """Open the repository that *settings* name, with the derived data beside it.

    Args:
        settings: Which repository, and where derived data lives.
        protections: The pages that only some may change.
        read_only: Change nothing in the repository, not even to finish what a crash left half done.
        secret: Of this server, see `Wiki.open`.

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
        protections=protections,
        limits=Limits(settings.page_bytes, settings.upload_bytes),
        push_limits=PushLimits(settings.push_file_bytes, settings.rewrites),
        cache_bytes=settings.render_cache,
        preview_bytes=settings.preview_cache,
        processes=settings.processes or None,
        savers=max(1, settings.threads // 2),
        secret=secret,
    )


def open_hooks(settings: Settings) -> Hooks | None:
    """Return what hooks of git ask, for the repository that *settings* name; ``None`` where nothing can be pushed.

    Raises:
        StoreError: It is no repository.
    """
    with closing(_store(settings, read_only=True)) as store:
        # Where a commit is checked out, and no branch, there is nothing to push to.
        return Hooks(_derived(store, settings)) if store.branch is not None else None


def open_transport(settings: Settings, hooks: Hooks) -> Transport | None:
    """Open the repository that *settings* name for clone and push over HTTP; ``None`` where they are not served.

    Raises:
        StoreError: It is no repository.
    """
    if not settings.git:
        return None
    with closing(_store(settings, read_only=True)) as store:
        if store.branch is None:  # a commit is checked out, and no branch
            return None
        folder = _derived(store, settings)
        return Transport(
            GitBackend(store.common_folder, store.branch, folder, settings.push_bytes),
            folder,
            hooks,
            whole=not store.root,
            push_bytes=settings.push_bytes,
            operations=settings.git_operations,
            threads=settings.threads,
        )


def open_mirror(settings: Settings, wiki: Wiki, state: State) -> Mirror | None:
    """Open the other repository that *settings* name; ``None`` where they name none.

    Raises:
        StoreError: The repository has no branch that could be the same.
    """
    place = settings.remote_place
    if place is None:
        return None
    with closing(_store(settings, read_only=True)) as store:
        token = Path(settings.remote_token_file) if settings.remote_token_file else None
        remote = store.remote(place, settings.remote_branch, token)
        return Mirror(
            wiki,
            wiki.exchange(remote, Author(*settings.committer_name)),
            place.url,
            remote.branch,
            state.mirror,
            _derived(store, settings) / "mirror.lock",
            interval=settings.remote_interval,
            delay=settings.remote_delay if settings.durability == "local" else 0,
            waiting=max(1, settings.threads // 2),
            close=remote.close,
        )


def listen(hooks: Hooks, site: current.Site, local: Author) -> None:
    """Answer the hooks of `hook_installation`, whoever runs git."""
    with closing(_store(site.settings, read_only=True)) as store:
        slots = Slots(_derived(store, site.settings), site.settings.git_operations, WAIT)
        whole = not store.root
    hooks.listen(Host(site.wiki, site.state, local, slots, whole=whole, send=sending(site)))


def hook_installation(settings: Settings) -> tuple[Installation, Path]:
    """Return what lets git of others ask this server, and the folder with the server's sockets; nothing is changed.

    Raises:
        StoreError: It is no repository, or has no branch that is served.
    """
    with closing(_store(settings, read_only=True)) as store:
        if store.branch is None:
            raise StoreError(f"{settings.repository} shows a commit and no branch; name one with --branch")
        sockets = Hooks(_derived(store, settings).resolve()).sockets
        return Installation(store.common_folder, installed(sockets), settings.push_bytes), sockets


def open_state(settings: Settings) -> State:
    """Open the state of the repository that *settings* name: accounts, sessions, drafts.

    Raises:
        StoreError: It is no repository, or the folder cannot be used.
    """
    return State(
        _data(settings),
        session_days=settings.session_days,
        idle_days=settings.session_idle_days,
        login_rate=settings.login_rate,
        audit_days=settings.audit_days,
    )


def knows_people(settings: Settings) -> bool:
    """Say whether the state of the repository that *settings* name has an account, and change nothing.

    Raises:
        StoreError: It is no repository.
    """
    return has_accounts(_data(settings))


def _data(settings: Settings) -> Path:
    if settings.data:
        return Path(settings.data)
    with closing(_store(settings, read_only=True)) as store:
        return data_folder(store.common_folder, os.environ)


def local_author(settings: Settings) -> Author:
    """Return whom commits of the local person name: as git has it for the repository."""
    with closing(_store(settings, read_only=True)) as store:
        return store.identity() or LOCAL_AUTHOR


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
    return GitStore.open(
        Path(settings.repository),
        root=root,
        branch=branch,
        committer=Author(*settings.committer_name),
        read_only=read_only,
    )


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
