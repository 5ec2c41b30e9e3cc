"""What the state refuses."""

from engine.errors import InvalidChangeError, NotFoundError, WikiError


class RefusedError(InvalidChangeError):
    """A value that cannot be, such as a login name that is taken; the message says why."""


class UnknownError(NotFoundError):
    """There is no such account, token, invitation or link, or it is used up."""


class TooOftenError(WikiError):
    """Somebody has done something so often that they have to wait; the message says how long."""
