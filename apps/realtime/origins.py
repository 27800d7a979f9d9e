"""From which pages a socket may be opened: browsers send cookies along to any site's WebSocket."""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WEB_SCHEMES = {"ws": "http", "wss": "https"}

Origin = tuple[str, str, int]


def parse_origin(text: str) -> Origin | None:
    """Return scheme, host and port of an origin; None where it is not exactly one."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    if port is None:
        if parts.netloc.endswith(":"):
            return None
        port = _DEFAULT_PORTS[scheme]
    return scheme, host.lower(), port


def is_allowed_origin(headers: Iterable[tuple[bytes, bytes]], scheme: str, allowed: Collection[str]) -> bool:
    """Tell whether the one Origin header names an allowed origin, or, where none is listed, the Host, an allowed one.

    Scheme, host and port are compared whole. A missing, doubled or malformed header is refused.
    """
    origins: list[bytes] = []
    hosts: list[bytes] = []
    forwarded = b""
    for name, value in headers:
        if name == b"origin":
            origins.append(value)
        elif name == b"host":
            hosts.append(value)
        elif name == b"x-forwarded-proto":
            forwarded = value
    if len(origins) != 1 or len(hosts) != 1:
        return False
    origin = parse_origin(origins[0].decode("latin-1"))
    if origin is None:
        return False
    if allowed:
        return any(origin == parse_origin(candidate) for candidate in allowed)
    host = hosts[0].decode("latin-1")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    return origin == parse_origin(f"{own_scheme(scheme, forwarded)}://{host}")


def own_scheme(scheme: str, forwarded: bytes) -> str:
    """Return the scheme that the browser used, as the settings say that a proxy tells it."""
    header = settings.SECURE_PROXY_SSL_HEADER
    if header and header[0] == "HTTP_X_FORWARDED_PROTO":
        return "https" if forwarded.decode("latin-1").strip() == header[1] else "http"
    return _WEB_SCHEMES.get(scheme, scheme)
