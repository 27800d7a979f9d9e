"""Photograph pages of a running portal in every variant, and lay them out as contact sheets.

    python -m scripts.contact_sheets http://localhost:8000 sheets/
    python -m scripts.contact_sheets http://localhost:8000 sheets/ --only channel --only sign-in
    python -m scripts.contact_sheets http://localhost:8000 sheets/ --page files=/files/ --as N20417

Variants: 1440 and 390 px wide, light and dark, Korean, English and Arabic. A page that a sheet asks for in "all" is taken in
all twelve, another in Korean at both widths and in Arabic once. What the browser complains about on the way (errors, broken
policy, a page wider than the window) is printed; then the exit code is 1.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from apps.operations.demo import PASSWORD

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOCALES = {"ko": "ko-KR", "en": "en-US", "ar": "ar-AE"}
SIZES = {1440: (1440, 900), 390: (390, 844)}
NURSE, IT = "N20417", "T10007"


@dataclass(frozen=True)
class Wanted:
    """A page to photograph: where it is, who looks, and which link of it to follow first."""

    name: str
    path: str
    viewer: str | None = NURSE
    in_all: bool = False
    follow: str = ""


@dataclass(frozen=True)
class Variant:
    language: str
    width: int
    theme: str

    @property
    def name(self) -> str:
        return f"{self.language}-{self.width}-{self.theme}"


WANTED = [
    Wanted("sign-in", "/accounts/login/", viewer=None, in_all=True),
    Wanted("chat", "/chat/", in_all=True),
    Wanted("channel", "/chat/", in_all=True, follow=".list a.nav__item"),
    Wanted("home", "/"),
    Wanted("directory", "/people/"),
    Wanted("person", "/people/", follow="main table a"),
    Wanted("teams", "/teams/"),
    Wanted("team", "/teams/", follow="main .card a.person--link"),
    Wanted("settings", "/settings/"),
    Wanted("security", "/accounts/2fa/"),
    Wanted("not-found", "/no-such-page/"),
    Wanted("admin", "/admin/", viewer=IT),
    Wanted("admin-people", "/admin/people/user/", viewer=IT),
]
ALL = [Variant(language, width, theme) for language in LOCALES for width in SIZES for theme in ("light", "dark")]
SOME = [
    Variant("ko", 1440, "light"),
    Variant("ko", 390, "light"),
    Variant("ar", 1440, "light"),
    Variant("ko", 1440, "dark"),
]

SHEET = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 24px; background: #d9dcda; font: 15px system-ui, "Noto Sans CJK KR", sans-serif; color: #161d1b; }}
h1 {{ font-size: 22px; margin: 0 0 16px; }}
div {{ display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-end; }}
figure {{ margin: 0; }}
img {{ block-size: 480px; display: block; box-shadow: 0 1px 8px rgb(0 0 0 / 30%); }}
figcaption {{ margin-top: 6px; font-size: 13px; color: #444946; }}
</style><h1>{title}</h1><div>{figures}</div>"""


def find_chromium() -> str:
    """The Chromium to drive: PORTAL_CHROMIUM, or the first on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("PORTAL_CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("No Chromium on the PATH: install the package chromium, or name one in PORTAL_CHROMIUM.")
    return found


class Photographer:
    """Signs in once a viewer, sets the language once a language, and takes the pictures."""

    def __init__(self, browser: Browser, base: str, folder: Path, password: str) -> None:
        self.browser = browser
        self.base = base.rstrip("/")
        self.folder = folder
        self.password = password
        self.complaints: list[str] = []
        self._states: dict[str, str] = {}

    @contextmanager
    def context(self, viewer: str | None, variant: Variant) -> Iterator[BrowserContext]:
        wide, high = SIZES[variant.width]
        context = self.browser.new_context(
            viewport={"width": wide, "height": high},
            locale=LOCALES[variant.language],
            color_scheme="dark" if variant.theme == "dark" else "light",
            storage_state=self._states.get(viewer) if viewer else None,
            is_mobile=variant.width < 600,
            has_touch=variant.width < 600,
        )
        context.add_cookies([{"name": "django_language", "value": variant.language, "url": self.base}])
        try:
            yield context
        finally:
            context.close()

    def sign_in(self, viewer: str) -> None:
        """Keep a signed-in state of a viewer for all later pictures."""
        with self.context(None, Variant("en", 1440, "light")) as context:
            page = context.new_page()
            page.goto(f"{self.base}/accounts/login/")
            page.fill("input[name=login]", viewer)
            page.fill("input[name=password]", self.password)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/accounts/login/" not in url)
            path = self.folder / f".{viewer}.json"
            context.storage_state(path=path)
            path.chmod(0o600)
            self._states[viewer] = str(path)

    def forget(self, viewer: str) -> None:
        """Remove the kept state of a viewer: it opens the portal."""
        Path(self._states.pop(viewer)).unlink()

    def set_language(self, viewer: str, language: str) -> None:
        """Choose a viewer's language on their settings page; "" is the site's."""
        with self.context(viewer, Variant("en", 1440, "light")) as context:
            page = context.new_page()
            page.goto(f"{self.base}/settings/")
            page.select_option("[name=language]", language)
            with page.expect_navigation():
                page.locator("form:has([name=language]) [type=submit]").click()

    def watch(self, page: Page, label: str) -> None:
        def note(text: str) -> None:
            self.complaints.append(f"{label}: {text}")

        page.on("pageerror", lambda error: note(f"script error: {error}"))
        page.on("console", lambda line: note(line.text[:200]) if line.type in {"error", "warning"} else None)

    def take(self, wanted: Wanted, variant: Variant) -> Path:
        """Photograph one page in one variant."""
        target = self.folder / wanted.name / f"{variant.name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        label = f"{wanted.name} {variant.name}"
        with self.context(wanted.viewer, variant) as context:
            page = context.new_page()
            expected = 404 if wanted.name == "not-found" else 200
            if expected == 200:
                self.watch(page, label)
            response = page.goto(self.base + wanted.path)
            if wanted.follow:
                link = page.locator(wanted.follow).first
                response = page.goto(self.base + str(link.get_attribute("href")))
            if response is None or response.status != expected:
                self.complaints.append(f"{label}: answered {response.status if response else 'nothing'}")
            page.evaluate("document.fonts.ready")
            page.wait_for_timeout(400)
            page_width = page.evaluate("document.documentElement.scrollWidth")
            if page_width > variant.width:
                self.complaints.append(f"{label}: {page_width} px wide in a window of {variant.width} px")
            page.screenshot(path=target)
        return target

    def lay_out(self, wanted: Wanted, pictures: list[tuple[Variant, Path]]) -> Path:
        """Put a page's pictures onto one sheet."""
        figures = "".join(
            f'<figure><img src="{path.relative_to(self.folder)}"><figcaption>{variant.name}</figcaption></figure>'
            for variant, path in pictures
        )
        source = self.folder / f"{wanted.name}.html"
        source.write_text(SHEET.format(title=f"{wanted.name} · {wanted.path}", figures=figures), encoding="utf-8")
        sheet = source.with_suffix(".png")
        page = self.browser.new_page(viewport={"width": 2080, "height": 600})
        page.goto(source.resolve().as_uri(), wait_until="load")
        page.screenshot(path=sheet, full_page=True)
        page.close()
        return sheet


def photograph(browser: Browser, arguments: argparse.Namespace, wanted: list[Wanted]) -> list[str]:
    """Take and lay out every wanted page; answer with what the browser complained about."""
    arguments.folder.mkdir(parents=True, exist_ok=True)
    camera = Photographer(browser, arguments.base, arguments.folder, arguments.password)
    viewers = sorted({page.viewer for page in wanted if page.viewer})
    for viewer in viewers:
        camera.sign_in(viewer)
    pictures: dict[str, list[tuple[Variant, Path]]] = {page.name: [] for page in wanted}
    try:
        for language in LOCALES:
            for viewer in viewers:
                camera.set_language(viewer, language)
            for page in wanted:
                for variant in ALL if page.in_all or arguments.all else SOME:
                    if variant.language == language:
                        pictures[page.name].append((variant, camera.take(page, variant)))
    finally:
        for viewer in viewers:
            camera.set_language(viewer, "")
            camera.forget(viewer)
    for page in wanted:
        print(camera.lay_out(page, pictures[page.name]))
    return camera.complaints


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("base", help="the address of the portal, as http://localhost:8000")
    parser.add_argument("folder", type=Path, help="where pictures and sheets go")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="one of: " + ", ".join(w.name for w in WANTED)
    )
    parser.add_argument(
        "--page", action="append", default=[], metavar="NAME=PATH", help="a page of your own, in all variants"
    )
    parser.add_argument("--as", dest="viewer", default=NURSE, metavar="STAFFNO", help="who looks at --page")
    parser.add_argument("--all", action="store_true", help="every page in all twelve variants")
    parser.add_argument("--password", default=PASSWORD, help="of the viewers; the demo's own when left out")
    arguments = parser.parse_args()
    own = [
        Wanted(name, path, arguments.viewer, in_all=True)
        for name, _, path in (page.partition("=") for page in arguments.page)
    ]
    unknown = set(arguments.only) - {page.name for page in WANTED}
    if unknown:
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    chosen = [page for page in WANTED if page.name in arguments.only] if arguments.only or own else WANTED
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        complaints = photograph(browser, arguments, [*chosen, *own])
        browser.close()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
