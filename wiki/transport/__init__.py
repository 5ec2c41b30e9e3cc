"""Clone and push over HTTP, by git's own server; the checks of a push are the engine's.

::

    GET, POST /wiki.git     smart_http ── credentials    who asks: an account, a token; never a cookie
                                |    └─── slots          a few at once on the host, half of the threads of a process
                              spool                      a body goes to a file first
                                |
                            transport ── git http-backend ── hook: shim ──┐   thin: asks the server
                                |                                          v
                              spool <── what git says        hooks ── receiving ── Wiki.pushing
                                |                                       └── state: who pushed what
                            the client, at its own pace

A client that is slow holds nothing up: neither while it sends nor while it reads is a slot taken.
"""

from wiki.transport.transport import RECEIVE, UPLOAD, Transport

__all__ = ["RECEIVE", "UPLOAD", "Transport"]
