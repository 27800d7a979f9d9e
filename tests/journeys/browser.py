"""A person at a browser: their context, what its console complained about, and the words of a journey."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
POLICY_WORDS = ("content security policy", "violates the following", "refused to ")
SERIOUS = {"serious", "critical"}


class Browsers:
    """Opens contexts, one a person and device, and gathers what their consoles complain about."""

    def __init__(
        self,
        browser: Any,
        url: str,
        make_session: Callable[[Any], str],
        cookie: str,
        folder: Path,
        timeout: float = 15_000,
    ) -> None:
        self.browser, self.url, self.folder = browser, url, folder
        self.make_session, self.cookie, self.timeout = make_session, cookie, timeout
        self.contexts: list[Any] = []
        self.complaints: list[str] = []

    def open(
        self,
        person: Any | None = None,
        *,
        phone: bool = False,
        javascript: bool = True,
        language: str = "ko",
        **options: Any,
    ) -> Any:
        """A new page in a context of its own, signed in as the person by a session of theirs."""
        size = PHONE if phone else DESK
        context = self.browser.new_context(
            viewport=size,
            java_script_enabled=javascript,
            locale={"ko": "ko-KR", "en": "en-US", "ar": "ar-AE"}[language],
            is_mobile=phone,
            has_touch=phone,
            base_url=self.url,
            **options,
        )
        context.set_default_timeout(self.timeout)
        self.contexts.append(context)
        if person is not None:
            cookie = {
                "name": self.cookie,
                "value": self.make_session(person),
                "url": self.url,
                "httpOnly": True,
                "sameSite": "Lax",
            }
            context.add_cookies([cookie])
        page = context.new_page()
        page.on("console", lambda message: self.note_console(page, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def note_console(self, page: Any, message: Any) -> None:
        text = message.text.lower()
        if any(words in text for words in POLICY_WORDS) or (
            message.type == "error"
            and "failed to load resource" not in text
            and "websocket" not in text
            and "net::err" not in text
        ):
            self.complaints.append(f"{page.url}: {message.text}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def find_barriers(self, page: Any) -> list[str]:
        """What axe holds to be a serious barrier on the page as it is now, one line each."""
        before = len(self.complaints)
        results = Axe().run(
            page,
            options={
                "resultTypes": ["violations"],
                "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
            },
        )
        del self.complaints[before:]  # axe writes style attributes of its own while it looks
        return [
            f"{page.url}: {violation['id']} ({violation['impact']}): {violation['help']}: "
            + "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            for violation in results.response["violations"]
            if violation["impact"] in SERIOUS
        ]
