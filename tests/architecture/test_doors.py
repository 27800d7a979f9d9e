"""Which pages open without a sign-in: these, and no other."""

from django.conf import settings

from .house import view_module, walk_urls

# Each is a page that somebody needs who is not, or cannot be, signed in.
OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that nobody signs up
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "health",  # for load balancers; says nothing of anybody
    "js-catalog",  # the words of the browser modules, the sign-in page's too
    "set-language",
}


def test_all_pages_but_these_ask_for_a_sign_in() -> None:
    assert "apps.people.middleware.SignInMiddleware" in settings.MIDDLEWARE
    found = {name for name, _, view in walk_urls() if getattr(view, "login_required", True) is False}
    assert found == OPEN


def test_no_page_of_an_app_is_among_them() -> None:
    """What our own apps show needs a sign-in, core's health answer apart."""
    ours = {name for name, _, view in walk_urls() if name in OPEN and view_module(view).startswith("apps.")}
    assert ours == {"health"}


def test_who_is_let_in_is_asked_in_the_right_order() -> None:
    """The session first, then who it is, then whether they may; the live socket asks the same sessions itself."""
    order = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "apps.people.middleware.SignInMiddleware",
    ]
    places = [settings.MIDDLEWARE.index(name) for name in order]
    assert places == sorted(places)
