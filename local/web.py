"""The web client's files, as the local stack and the tests serve them."""

from collections.abc import Iterable


def policy(connect: Iterable[str] = (), media: Iterable[str] = ()) -> str:
    """Returns the Content-Security-Policy of a page that holds the web client.

    `connect` are the origins of the API, of the socket and of the attachments' bucket, as far as they are not the
    page's own. `media` are those that pictures, sounds and films come from: the bucket's.
    """
    connect, media = " ".join(["'self'", *connect]), " ".join(["'self'", "blob:", "data:", *media])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src {connect}",
            f"img-src {media}",
            f"media-src {media}",
            "font-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            # One policy, for the address of the service worker of Web Push: nothing is ever made from text.
            "require-trusted-types-for 'script'",
            "trusted-types parley",
        )
    )
