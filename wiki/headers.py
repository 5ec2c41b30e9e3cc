"""What every answer says to the browser about safety and freshness."""

from flask import Flask, Response, g

from wiki import current

FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox"
"""For files from the repository: whatever they are, they run nothing and belong to no site."""


def register(app: Flask) -> None:
    """Set the headers of every answer."""
    images = " https:" if current.site(app).settings.remote_images else ""
    policy = (
        f"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "
        f"img-src 'self'{images}; media-src 'self'{images}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )

    @app.after_request
    def secure(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        headers.setdefault("Cache-Control", "no-cache")
        if "retry_after" in g:
            headers.setdefault("Retry-After", str(g.retry_after))
        if current.has_snapshot() and current.asking().may_read:
            headers.setdefault("Quire-Commit", current.current_snapshot().commit or "none")
            if g.stale:
                headers.setdefault("Quire-Stale", "1")
        return response
