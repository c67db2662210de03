"""Headers of pages: what a browser may load and show with them, and which other pages may frame them."""

from __future__ import annotations

#: Additional headers of pages.
PAGE_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types 'none'"


def content_security_policy(nonce: str, *, trusted_types: bool = True) -> str:
    """Return the policy of a page: only this server's scripts and styles, and no markup from strings (Trusted Types).

    ``trusted_types`` False: the browser does not know Trusted Types, and would report the directives as errors.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors 'self'{_TRUSTED_TYPES if trusted_types else ''}"
    )
