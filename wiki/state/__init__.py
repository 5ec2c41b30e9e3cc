"""What is neither content nor derived from it: who there is, what they may, and what they have not saved yet.

::

    State             all of it, in one SQLite file of the data folder; never rebuilt, so it has migrations and a backup
    ├── accounts      who may sign in            names  passwords    what they may be called; how they are checked
    ├── logins        signing in, within limits  sessions            browsers that have signed in
    ├── invitations   links that become accounts resets              links that set a password
    ├── tokens        programs, and what they may
    ├── drafts        what was typed and not saved                   protections  pages that not everybody may change
    ├── webhooks      how far others were told what changed   mirror       how the mirror does, what was decided of it
    ├── audit         what was done, by whom     pushes              who brought which commits
    ├── limits        how often something may be tried               signing      the server's secret
    └── database      the file and its connections
        schema  migrations                                           the tables, and how a file came to have them
        folder  pages  errors                                        where it is; what stands for a page; what is refused

Nothing here has heard of the web. What belongs together is written in one transaction, with what the audit says of it.
"""

from wiki.state.audit import SHELL, By
from wiki.state.folder import data_folder, has_accounts
from wiki.state.passwords import Hashing
from wiki.state.state import State

__all__ = ["SHELL", "By", "Hashing", "State", "data_folder", "has_accounts"]
