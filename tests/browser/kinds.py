"""Every kind of page there is: where it is in the wiki of `content`, and what a reader must see on it.

A new view that gives HTML gets a line here, and with it all the tests of this folder; `test_kinds` sees to it.
"""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of page."""

    name: str
    path: str  # the address; ``{NAME}`` stands for a commit, see `COMMITS`
    shows: str  # words that its main part has, whatever the language of the interface
    endpoint: str = "pages.view"
    status: int = 200


def _page(path: str) -> str:
    return "/" + quote(path)


COMMITS = {
    "FIRST": "Begin the dossier",
    "RENAMED": "Call the entry by the name the sources use",
    "FIGURES": "Add the figures of AINews",
    "CORRECTED": "Correct the figures, and say what is sure",
}
"""Commits that addresses name, by their summaries in `content`."""

KINDS = (
    Kind("home", "/", "Welcome to Quire"),
    Kind("entry", "/llama-organization", "Llama Organization"),
    Kind("news", _page("News/2026-03-09 Reorganisation"), "Applied AI Engineering"),
    Kind("folder with a page", "/News/", "2024-Q2"),
    Kind("folder", "/samples/", "samples"),
    Kind("callouts", "/samples/callouts", "Of a kind nobody has heard of"),
    Kind("notes", "/samples/notes", "The note of the box"),
    Kind("tables", "/samples/tables", "18,600,000"),
    Kind("code", "/samples/code", "class Leaf"),
    Kind("images", "/samples/images", "A picture"),
    Kind("links", "/samples/links", "A page that nobody wrote"),
    Kind("problems", "/samples/odd", "What cannot be read"),
    Kind("not text", "/samples/Latin-1", "Latin-1"),
    Kind("long", "/samples/long", "Section 60"),
    Kind("arabic", _page("ar/نموذج"), "هذه صفحة عربية"),
    Kind("chinese", _page("zh/范例"), "这是一个简短的中文页面"),
    Kind("manual", "/help/syntax", "[["),
    Kind("choice", "/samples/two_words", "samples/two-words", status=300),
    Kind("missing", "/no/such/llama-page", "no/such/llama-page", status=404),
    Kind("deleted", _page("People/Scratch notes"), "People/Scratch notes", status=404),
    Kind("error", "/-/search?q=llama&page=first", "page", "search.results", 400),
    Kind("search", "/-/search?q=llama+models", "Llama", "search.results"),
    Kind("search without hits", "/-/search?q=zyxwvut", "", "search.results"),
    Kind("empty search", "/-/search", "", "search.results"),
    Kind("missing pages", "/-/missing", "A page that nobody wrote", "lists.missing"),
    Kind("old revision", "/llama-organization?rev={RENAMED}", "single division"),
    Kind("old revision at another path", "/llama-organization?rev={FIRST}", "single division"),
    Kind("no such revision", "/llama-organization?rev=0123456", "0123456", status=404),
    Kind("history", "/-/history/llama-organization", "Add the figures of AINews", "history.view"),
    Kind(
        "history of a deleted page",
        "/-/history" + _page("People/Scratch notes"),
        "Take notes",
        "history.view",
    ),
    Kind("recent changes", "/-/recent", "2 changes by bots", "recent.view"),
    Kind("recent changes of a folder", "/-/recent?folder=News", "Report the reorganisation", "recent.view"),
    Kind("by one author", "/-/by/Noor%20Haddad", "Report the reorganisation", "recent.by"),
    Kind("deleted pages", "/-/deleted", "Scratch notes", "recent.deleted"),
    Kind("side by side", "/-/diff/llama-organization?from={RENAMED}&to={CORRECTED}", "92%", "diff.view"),
    Kind("diff", "/-/diff/llama-organization?from={FIGURES}&to={CORRECTED}&view=unified", "92%", "diff.view"),
    Kind("diff of images", "/-/diff/samples/square.png", "image/png", "diff.view"),
    Kind("diff without revision", "/-/diff/llama-organization?from=none", "none", "diff.view", 404),
    Kind("blame", "/-/blame/llama-organization", "Llama Organization", "blame.view"),
    Kind("commit", "/-/commit/{CORRECTED}", "What it changed", "commit.view"),
    Kind("commit side by side", "/-/commit/{CORRECTED}?view=split", "92%", "commit.view"),
    Kind("commit of many files", "/-/commit/{FIRST}", "Begin the dossier", "commit.view"),
    Kind("no such commit", "/-/commit/0123456", "0123456", "commit.view", 404),
    Kind("tree", "/-/pages?folder=samples", "samples", "lists.pages"),
    Kind("tags", "/-/tags", "llama", "lists.tags"),
    Kind("tag", "/-/tags/help", "Syntax", "lists.tagged"),
    Kind("backlinks", "/-/backlinks/llama-organization", "Llama", "lists.backlinks"),
    Kind("orphans", "/-/orphans", "Odd", "lists.orphans"),
    Kind("edit", "/-/edit/samples/links", "Preview", "edit.view"),
    Kind("edit a section", "/-/edit/llama-organization?section=see-also", "one section", "edit.view"),
    Kind("new page", "/-/new", "New page", "new.view"),
    Kind("drafts", "/-/drafts", "Your drafts", "drafts.view"),
    Kind("rename", "/-/rename/fair?to=labs/FAIR&leave=alias", "What it changes", "moving.view"),
    Kind("delete", "/-/delete/fair", "Delete", "deleting.delete"),
    Kind("restore", "/-/restore/llama-organization?rev={FIRST}", "Restore", "deleting.restore"),
    Kind("revert", "/-/revert/{CORRECTED}", "Revert", "undoing.revert"),
    Kind("undo", "/-/undo?author=Noor%20Haddad&email=noor@example.org", "Noor Haddad", "undoing.undo"),
    Kind("sign in", "/-/login", "Password", "account.login"),
    Kind("register", "/-/register", "", "account.register", status=403),
    Kind("reset", "/-/reset?code=none", "", "account.reset", status=404),
    Kind("media", "/-/media", "square.png", "uploads.view"),
    Kind("unused media", "/-/media?unused=1", "", "uploads.view"),
    Kind("medium", "/-/media/samples/square.png", "image/png", "uploads.medium"),
    Kind("clone", "/wiki.git", "git clone", "smart_http.about"),
)

OTHERS = {
    "account.view": "for people with an account, see test_signed_in",
    "admin.view": "for admins, see test_signed_in",
    "admin.invitations": "for admins, see test_signed_in",
    "admin.tokens": "for admins, see test_signed_in",
    "admin.settings": "for admins, see test_signed_in",
    "admin.status": "for admins, see test_signed_in",
    "admin.audit": "for admins, see test_signed_in",
    "mirror.view": "for those who may change every page, see test_signed_in",
    "mirror.conflict": "for those who may change every page, see test_signed_in",
    "protecting.view": "for admins, see test_signed_in",
    "changes.view": "JSON for programs that follow the wiki",
    "edit.outline": "JSON for the editor",
    "suggest.suggest": "JSON for the search box",
    "opensearch.description": "XML for browsers",
    "sitemap.sitemap": "XML for search engines",
    "sitemap.robots": "text for search engines",
    "static.asset": "files of the theme",
    "static.favicon": "the icon",
    "previews.view": "pictures",
    "health.healthz": "JSON for monitors",
    "feeds.view": "Atom",
    "smart_http.advertise": "what git reads",
    "smart_http.dumb": "a line for who reads the repository file by file",
    "hooks.incoming": "a line for who does not post what a forge tells",
}
"""What answers to GET with something else than a page of HTML."""
