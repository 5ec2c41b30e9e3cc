"""What a client of git asks a server for, by the names that the protocol has for it."""

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
"""The two services: clone and fetch; push."""
