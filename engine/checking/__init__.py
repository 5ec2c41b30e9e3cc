"""What is wrong with the pages of one commit: found by asking the catalog, told with what to do about it.

::

    check      all findings: first of the whole, then page by page, then of media
    links      links to nothing, to a part that is not there, or to more than one page; redirects
    anchors    the parts of a page that a link may lead to
    clashes    two files that want one address, one key or one alias, or differ in case alone
    media      media that no page shows or links to
    near       what was probably meant
    finding    one finding, and the codes that there are

A finding is true of what a reader sees: links are resolved, and pages rendered, by what serves them.
"""

from engine.checking.check import check
from engine.checking.finding import CODES, Finding

__all__ = ["CODES", "Finding", "check"]
