"""All findings: first of the whole, then page by page, then of media."""

from collections.abc import Callable, Iterator
from itertools import islice

from engine.catalog import Moment
from engine.checking.clashes import clashes
from engine.checking.finding import Finding
from engine.checking.links import Links, Reader
from engine.checking.media import front_media, unused_media
from engine.errors import StoreError
from engine.model import Form
from engine.site import PATH, Site

BATCH = 500  # pages that are held in memory at once

Progress = Callable[[str, int, int], None]
"""Told the stage ("checking"), how much is done, and of how much."""


def check(moment: Moment, reader: Reader, site: Site, progress: Progress) -> Iterator[Finding]:
    """Find what is wrong with the pages of one commit.

    Args:
        moment: The catalog.
        reader: Shows pages, and knows what may be seen.
        site: The settings of the content.
        progress: Told how many pages are done.

    Raises:
        StoreError: The facts of some pages are not known yet.
    """
    if not moment.scanned:
        raise StoreError("not all pages have been read yet; run quire index, and try again")
    yield from _site(moment, reader, site)
    links = Links(moment, reader)
    yield from clashes(moment, reader.visible, site, links.front_line)
    total, done = moment.page_count(), 0
    names = (name for name in moment.names(form=Form.PAGE) if reader.visible(name))
    while batch := list(islice(names, BATCH)):
        facts = dict(moment.all_facts(name.blob for name in batch))
        pages = [(name, facts[name.blob]) for name in batch if name.blob in facts]
        for name, found in links.findings(pages):
            found += (
                Finding(problem.code, name.path, problem.line, problem.message)
                for problem in facts[name.blob].problems
            )
            yield from sorted(found, key=lambda finding: finding.line)
        links.media.update(front_media(moment, pages, reader.visible))
        done += len(batch)
        progress("checking", min(done, total), total)
    yield from unused_media(moment, links.media, site, reader.visible)


def _site(moment: Moment, reader: Reader, site: Site) -> Iterator[Finding]:
    for problem in site.problems:
        yield Finding(problem.code, PATH, problem.line, problem.message)
    if site.home and not moment.named(site.home, reader.visible):
        yield Finding("site-settings", PATH, 0, f"home is {site.home!r}, and there is no such page.")
    if site.logo and moment.resolve([("", site.logo)], reader.visible)["", site.logo] is None:
        yield Finding("site-settings", PATH, 0, f"logo is {site.logo!r}, and there is no such file.")
