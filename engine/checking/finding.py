"""One finding, and the codes that there are."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with one file."""

    code: str  # one of `CODES`
    path: str  # of the file, under the content root
    line: int  # counted from 1; 0 when no line is to blame, or none is known
    message: str  # says what is wrong, and what to do
    near: str = ""  # what was probably meant: a path, an anchor; empty when nothing is near


CODES: Mapping[str, str] = {
    "missing-page": "A link or an embed names a page that does not exist.",
    "missing-media": "A link, an image or an embed names a file that does not exist.",
    "absolute-link": "A link begins with a slash, and there is nothing of that name in this wiki.",
    "outside-link": "A relative link climbs above the top folder of the wiki.",
    "missing-anchor": "A link names a heading or a block that its page does not have.",
    "ambiguous-link": "A link fits several files equally well; one was taken.",
    "redirect-missing": "A page's redirect leads to nothing.",
    "redirect-loop": "Redirects lead in a circle, or through too many pages.",
    "address-clash": "Two files claim one address; one of them cannot be reached there.",
    "key-clash": "Two names differ only in case, spaces, hyphens or underscores.",
    "case-clash": "Two names differ only in case; some computers cannot keep both.",
    "alias-clash": "Several pages have one alias.",
    "alias-taken": "An alias is the name of another page, which comes first.",
    "unsafe-name": "A name that cannot be written through the wiki, or that misleads readers.",
    "unused-media": "No page shows or links to a medium.",
    "site-settings": "The settings of the content (quire.toml) are wrong.",
    "front-matter": "Front matter that cannot be read as it is written.",
    "undefined-note": "A note is used and never defined.",
    "unused-note": "A note is defined and never used.",
    "duplicate-note": "A note is defined twice.",
    "duplicate-block": "A block id is used twice.",
    "unclosed-fence": "Code begins and never ends.",
    "unclosed-comment": "A comment begins and never ends.",
    "embed-cycle": "A page would embed itself.",
    "embed-depth": "Embeds stand within embeds, too deep to be shown.",
    "bad-math": "A formula cannot be read.",
    "large-math": "Formulas beyond what one page may have.",
    "large-page": "A page beyond the size that is shown.",
    "deep-nesting": "Blocks are nested deeper than is shown.",
    "not-utf-8": "A page's bytes are not UTF-8 text.",
    "missing-text": "A page's text is missing from the repository.",
    "unreadable-page": "A page took too long to read, and was left out.",
}
"""What can be found, each with one sentence."""
