"""What is known of every page, in SQL; derived from the store, safe to delete and rebuild.

::

    facts    by blob      immutable  what one scan learnt: title, headings, links with unresolved targets, tags …
    names    of the head  replaced   path, blob, form, key: in one short transaction from a difference of trees
    touches  by commit    immutable  which paths a commit changed, where each was before
    arrivals of the head  replaced   the commits in the order in which they arrived; gives each touch its lineage
    activity of the head  replaced   by folder: which of the arrivals touched something there

    schema   the tables, the file they live in, connections that see one moment
    codec    Facts <-> what a row holds
    names    brings the names to a commit
    history  reads touches, puts commits in order, carries lineages through renames
    folders  what lies in a folder, a part at a time
    labels   the texts by which pages are suggested while somebody types
    resolve  link target -> name, by joining facts to names when asked; shortcuts decides most of many at once
    tags     which there are, and which pages have them
    links    all links of the head, resolved
    uses     how many pages use each of some files
    past     `Arrivals`: questions about commits, and about what they touched
    queries  `Moment`: every question that may be asked of the catalog at one moment

A link is stored as it was written, so a new or renamed page changes no row of another page.
"""

from engine.catalog.folders import FilesIn
from engine.catalog.labels import Suggestion
from engine.catalog.links import LinkTo
from engine.catalog.past import Active, Arrivals, Came, Gone, Touched
from engine.catalog.queries import Backlink, LastChange, Moment
from engine.catalog.rows import Visible, everything
from engine.catalog.schema import Catalog
from engine.catalog.uses import Uses

__all__ = [
    "Active",
    "Arrivals",
    "Backlink",
    "Came",
    "Catalog",
    "FilesIn",
    "Gone",
    "LastChange",
    "LinkTo",
    "Moment",
    "Suggestion",
    "Touched",
    "Uses",
    "Visible",
    "everything",
]
