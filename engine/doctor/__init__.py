"""Is the wiki well? Looks at git, at what is derived from it, and at who else could change either.

::

    doctor    asks all questions, one after the other; a question that fails is an answer, too
    folder    the folder of derived data: whose it is, what earlier versions left, who is at work
    derived   git <-> catalog <-> index: do they say the same?

What is looked at is not changed: the catalog is opened to be read only, and the store without finishing what a crash
left. Mending is for what is derived alone: it can be made anew from git, and git is never touched.
"""

from engine.doctor.doctor import DERIVED, Doctor, Patient
from engine.doctor.folder import mend

__all__ = ["DERIVED", "Doctor", "Patient", "mend"]
