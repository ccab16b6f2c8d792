"""Who may look: an ASGI middleware in front of everything that the admin port has.

The port shows what all Workers are asked, and browsers can be made to ask it things by any page
that they show; also by one that a Worker serves, on another port of the same host.

- Without a token, the Host header must name this machine by an address or as localhost: else any
  name that is pointed at 127.0.0.1 would make its pages the port's own (DNS rebinding).
- What another origin makes a browser ask is refused, but for plain links (Fetch Metadata, and
  Origin for browsers without it). Other ports of the host are other origins, although cookies do
  not know that.
- With a token, it has to be known: as `Authorization: Bearer`, or by a cookie that the login form
  gives for it, or `?token=` in a link.

The cookie says until when it is good, signed with the token. Cookies are sent to all ports of a
host, so gateways take it out of what Workers get to see (gateway/requests.py).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import time
import traceback
from urllib.parse import parse_qs

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgewright.admin.api import ApiError
from edgewright.gateway.requests import ADMIN_COOKIE

SESSION = 12 * 3600
"""Seconds that a login is good for."""

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px system-ui,sans-serif;display:grid;"
    "place-items:center;min-height:90vh}input,button{font:inherit;padding:.4em .6em}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_LOGIN = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Edgewright: log in</title>
<style>{style}</style>
<form method="post" action="login">
<p><label for="token">The admin port's token</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required>
<button>Log in</button></p>
<p role="alert">{message}</p>
</form>
</html>
"""
_LONGEST_FORM = 4096

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY.format(style=""),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not "no-referrer", with which a browser says of its own form that its origin is "null".
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Lets those through to `app` who may ask it."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"The admin port does not speak {scope['type']}.")

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            answer = await self._refusal(Request(scope, receive)) or self._app
            await answer(scope, receive, secured)
        except Exception:
            traceback.print_exc()  # the server says no more than 500
            raise

    async def _refusal(self, request: Request) -> Response | None:
        """What is said instead; None for who may pass."""
        try:
            _ = request.url
        except ValueError:  # a host, or a query, that can't be part of one
            return refused(400, "The URL makes no sense.")
        host = request.headers.get("host", "")
        if self._token is None and not names_this_machine(host):
            return refused(
                421,
                f"The admin port is not known as {host!r}: use 127.0.0.1 or localhost, or set a "
                "token.",
            )
        if is_foreign(request.method, request.headers):
            return refused(403, "Another site may not ask the admin port.")
        if self._token is not None and request.url.path == "/login":
            return await self._login(request)
        if request.method not in ("GET", "HEAD"):
            return refused(405, "The admin port can only be looked at.", {"allow": "GET, HEAD"})
        if self._token is None:
            return None
        if request.url.path == "/" and (given := request.query_params.get("token")):
            return self._logged_in(request) if self._is_token(given) else self._ask("Wrong token.")
        if self._is_known(request):
            return None
        if request.headers.get("sec-fetch-mode") == "navigate":
            return RedirectResponse("/login", 303)
        return refused(401, "The admin port's token is needed.", {"www-authenticate": "Bearer"})

    async def _login(self, request: Request) -> Response:
        if request.method != "POST":
            return self._ask("")
        form = bytearray()
        async for chunk in request.stream():
            form += chunk
            if len(form) > _LONGEST_FORM:
                return self._ask("Wrong token.")
        given = parse_qs(form.decode(errors="replace")).get("token", [""])
        return self._logged_in(request) if self._is_token(given[0]) else self._ask("Wrong token.")

    def _ask(self, message: str) -> Response:
        policy = _POLICY.format(style=f" 'sha256-{_STYLE_HASH}'")
        headers = {"content-security-policy": policy}
        return HTMLResponse(
            _LOGIN.format(style=_STYLE, message=message), 401 if message else 200, headers
        )

    def _logged_in(self, request: Request) -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie(
            ADMIN_COOKIE,
            self._signed(int(time.time()) + SESSION),
            max_age=SESSION,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def _is_known(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(given.strip()):
            return True
        until, _, _ = (cookie := request.cookies.get(ADMIN_COOKIE, "")).partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return False
        return int(until) > time.time() and _same(cookie, self._signed(int(until)))

    def _is_token(self, given: str) -> bool:
        return self._token is not None and _same(given, self._token.decode())

    def _signed(self, until: int) -> str:
        assert self._token is not None
        signature = hmac.digest(self._token, b"edgewright admin %d" % until, "sha256").hex()
        return f"{until}.{signature}"


def names_this_machine(host: str) -> bool:
    """Whether a Host header can be no name of somebody else's: it is an address, or localhost (RFC
    6761 §6.3)."""
    if host.startswith("["):
        name = host[1:].partition("]")[0]
    else:
        name = host.partition(":")[0].lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_foreign(method: str, headers: Headers) -> bool:
    """Whether it is another origin that makes the browser ask.

    https://www.w3.org/TR/fetch-metadata/
    """
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return True
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    is_link = (
        method == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
    return not is_link


def refused(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    body = msgspec.json.encode(ApiError(reason))
    return Response(body, status, headers, "application/json")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
