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

A client that is slow takes no slot of the host, neither while it sends nor while it reads. With waitress it takes no
thread either: `connections` lets its loop move the bytes from and to files. With gunicorn it takes a thread and a seat,
until it has been too slow for the `patience` of the server.
"""

from wiki.transport.transport import RECEIVE, UPLOAD, Transport

__all__ = ["RECEIVE", "UPLOAD", "Transport"]
