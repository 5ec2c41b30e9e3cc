"""Media that no page shows or links to."""

from collections.abc import Collection, Iterable, Iterator

from engine.catalog import Moment, Visible
from engine.checking.finding import Finding
from engine.frontlinks import media_targets
from engine.links import may_be_unused
from engine.model import Facts, Form, Name
from engine.site import Site


def front_media(moment: Moment, pages: Iterable[tuple[Name, Facts]], visible: Visible) -> Iterator[str]:
    """Yield the paths of media that the front matter of *pages* names, under whatever key."""
    wanted = [(name.folder, target) for name, facts in pages for target in media_targets(facts.properties)]
    for target in moment.resolve(wanted, visible).values():
        if target is not None:
            yield target.name.path


def unused_media(moment: Moment, used: Collection[str], site: Site, visible: Visible) -> Iterator[Finding]:
    """Find media that are not among *used*; hidden files, and those that are no media by their suffix, may be."""
    logo = moment.resolve([("", site.logo)], visible)["", site.logo] if site.logo else None
    for name in moment.names(form=Form.MEDIA):
        if name.path in used or (logo is not None and name.path == logo.name.path):
            continue
        if may_be_unused(name) and visible(name):
            yield Finding(
                "unused-media", name.path, 0, "No page shows it or links to it; link to it, or delete it."
            )
