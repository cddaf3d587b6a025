"""The hosted sign-in page looks like the product, asks for an e-mail, and keeps what was typed.

AWS: managed login has the colours of the app client's branding, follows the reader's light or dark, names the
field after the pool's sign-in option, and keeps it after a wrong password (Amazon Cognito Developer Guide,
"User pool managed login"). Stock MiniStack: a page of its own, "Username", empty after every mistake.
What AWS has not: the page says with which e-mail and password one signs in here, as long as they work.
"""

import html
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cognito

from local.cloud.gaps.sign_in_style import has_pages
from local.demo_user import EMAIL, PASSWORD

_MARK = """<svg viewBox="0 0 32 32" width="26" height="26" fill="none" stroke="currentColor"
  aria-hidden="true">
<circle cx="14" cy="14" r="10" stroke-width="2.75"/>
<path d="m21.5 21.5 7 7" stroke-width="3.75" stroke-linecap="round"/>
<circle cx="14" cy="14" r="3.5" fill="currentColor" stroke="none"/></svg>"""
# The page's own colours: site/web/src/styles/tokens.css; the template gives the same to managed login.
_STYLE = """
:root { color-scheme: light dark; }
* { box-sizing: border-box; margin: 0; }
body { display: grid; place-items: center; min-height: 100vh; padding: 1rem; line-height: 1.5;
  font-family: system-ui, sans-serif;
  background: light-dark(#faf9f6, #131417); color: light-dark(#1b1a18, #eceae5); }
main { width: 100%; max-width: 24rem; padding: 2rem; border-radius: .875rem;
  border: 1px solid light-dark(#e5e1d8, #2b2e34); background: light-dark(#fff, #1b1d21); }
.brand { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.5rem;
  font-weight: 650; font-size: 1.1875rem; }
.brand svg { color: light-dark(#1d4f91, #9cc4f6); }
h1 { margin-bottom: 1rem; font-size: 1.5rem; font-weight: 620; line-height: 1.2; }
label { display: block; margin-bottom: .25rem; font-size: .875rem; font-weight: 560; }
input { width: 100%; min-height: 2.5rem; margin-bottom: 1rem; padding: .25rem .75rem;
  border-radius: .5rem; font: inherit;
  border: 1px solid light-dark(#cfcabe, #3d4149); background: light-dark(#fff, #1b1d21); color: inherit; }
button { width: 100%; min-height: 2.5rem; border: 0; border-radius: .5rem;
  font: inherit; font-weight: 600; cursor: pointer;
  background: light-dark(#1d4f91, #8fbcf4); color: light-dark(#fff, #0e1c30); }
button:hover { background: light-dark(#163d72, #b1d1f9); }
:focus-visible { outline: 2.5px solid light-dark(#2f6fc4, #8fbcf4); outline-offset: 2px; }
.error { margin-bottom: 1rem; color: light-dark(#a82c24, #f19a91); }
.note { margin-top: 1.5rem; font-size: .875rem; color: light-dark(#56534b, #b5b2aa); }
code { font-family: ui-monospace, monospace; color: light-dark(#1b1a18, #eceae5); overflow-wrap: anywhere; }
"""
_typed: ContextVar[str] = ContextVar("typed", default="")

Form = Callable[..., str]
Submit = Callable[..., Any]


def install() -> None:
    """Put this page in the place of MiniStack's."""
    cognito._page_shell = page_shell
    cognito._login_page_html = sign_in_form
    cognito.handle_login_submit = keeping_what_was_typed(cognito.handle_login_submit)


def page_shell(title: str, heading: str, body_html: str) -> str:
    """A page of the hosted ones around its form."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Loupe</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<p class="brand">{_MARK} Loupe</p>
<h1>{heading}</h1>
{body_html.replace('<div class="error">', '<div class="error" role="alert">')}
</main>
</body>
</html>"""


def sign_in_form(
    client_id: str,
    redirect_uri: str,
    scope: str,
    state: str,
    response_type: str,
    code_challenge: str = "",
    code_challenge_method: str = "",
    nonce: str = "",
    error_message: str = "",
) -> str:
    """The form for a name and a password, as MiniStack asks for it."""
    pool = cognito._find_pool_by_client_id(client_id)[1] or {}
    if not has_pages(pool, client_id):
        return page_shell("Sign in", "Login pages unavailable", "<p>This client has no style.</p>")
    by_email = "email" in (pool.get("UsernameAttributes") or [])
    carried = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "response_type": response_type,
        "code_challenge": code_challenge,
        "code_challenge_method": code_challenge_method,
        "nonce": nonce,
    }
    hidden = "\n".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in carried.items()
    )
    name, mode = ("E-mail", "email") if by_email else ("Username", "text")
    typed = _typed.get()
    first, second = ("", " autofocus") if typed else (" autofocus", "")
    said = error_message.replace("username", "e-mail") if by_email else error_message
    error = f'<div class="error">{html.escape(said)}</div>' if said else ""
    body = f"""{error}
<form method="POST" action="/login">
{hidden}
<label for="username">{name}</label>
<input id="username" name="username" value="{html.escape(typed)}" inputmode="{mode}"
  autocomplete="username" autocapitalize="none" spellcheck="false" required{first}>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" required{second}>
<button type="submit">Sign in</button>
</form>
{demo_note(pool)}"""
    return page_shell("Sign in", "Sign in", body)


def demo_note(pool: dict[str, Any]) -> str:
    """How one signs in on the local cloud, where that account is there and has that password still."""
    user = cognito._resolve_user(pool, EMAIL)[0] if pool else None
    if not user or user.get("_password") != PASSWORD:
        return ""
    return (
        '<p class="note">This is the local cloud, on this machine alone. '
        f"Sign in as <code>{EMAIL}</code> with the password <code>{PASSWORD}</code>.</p>"
    )


def keeping_what_was_typed(submit: Submit) -> Submit:
    """A refused form comes back with its name, and never with its password."""

    def submitted(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        given = parse_qs(body.decode("utf-8", "replace")).get("username", [""])[0]
        token = _typed.set(given)
        try:
            return submit(method, path, headers, body, query_params)
        finally:
            _typed.reset(token)

    return submitted
