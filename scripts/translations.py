"""The texts of the portal in three languages: `python -m scripts.translations extract | check | stats`.

There are no gettext tools on the machines that build this, so Babel reads Python and JavaScript, and Django's `templatize` turns
a template into the Python that Babel reads. A catalogue names the file of each text but not the line, holds no date and no
name, and is sorted: a change shows in a diff as the change that it is. `./run` compiles the catalogues with Babel.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as extract_messages
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from .lint import list_files

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SOURCE_LANGUAGE = "en"
LANGUAGES = ("ko", "en", "ar")
DOMAINS = ("django", "djangojs")
SOURCES = ("apps", "hospital_collab", "templates")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]")
COMMENT_TAGS = ("Translators:",)
Key = str | tuple[str, str]


def list_sources(domain: str) -> list[PurePosixPath]:
    """The files whose texts a domain holds: the pages' for `django`, the browser modules' for `djangojs`."""
    paths = list_files(ROOT)
    if domain == "djangojs":
        return [path for path in paths if path.suffix == ".js" and path.parts[:2] == ("static", "js")]
    wanted = [path for path in paths if path.parts[0] in SOURCES and "migrations" not in path.parts]
    return [
        path
        for path in wanted
        if path.suffix == ".py" or (path.suffix in {".html", ".txt"} and "templates" in path.parts)
    ]


def read_messages(path: PurePosixPath, text: str) -> Iterator[tuple[Key, str | None, list[str]]]:
    """Yield each text of a file as (msgid, context, comments for the translator)."""
    if path.suffix in {".html", ".txt"}:
        # What is left of the page's own layout would read as indentation.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    method = "javascript" if path.suffix == ".js" else "python"
    found = extract_messages(
        method,
        io.BytesIO(text.encode()),
        KEYWORDS,
        COMMENT_TAGS,
        {"encoding": "utf-8", "parse_template_string": True},  # `${gettext("…")}` in JavaScript
        strip_comment_tags=True,
    )
    for _line, message, comments, context in found:
        key = message if isinstance(message, str) else (message[0], message[1])
        if all(key if isinstance(key, tuple) else (key,)):
            yield key, context, list(comments)


def make_template(domain: str) -> Catalog:
    """Gather the texts of a domain from the sources."""
    catalog = Catalog(domain=domain, charset="utf-8")
    for path in list_sources(domain):
        for key, context, comments in read_messages(path, (ROOT / path).read_text(encoding="utf-8")):
            catalog.add(key, locations=[(str(path), 0)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str, domain: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read_catalog(language: str, domain: str) -> Catalog:
    path = path_of(language, domain)
    if not path.exists():
        return Catalog(locale=language, domain=domain, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=domain, charset="utf-8")


def fill_source(catalog: Catalog) -> None:
    """In English a text is its own translation."""
    for message in list_texts(catalog):
        message.string = message.id


def render_catalog(language: str, catalog: Catalog) -> str:
    """The text of a .po file: a short header that never changes, then the texts sorted by msgid."""
    body = io.BytesIO()
    write_po(body, catalog, width=100, sort_output=True, omit_header=True, include_lineno=False, ignore_obsolete=True)
    plural = get_plural(language)
    header = [
        'msgid ""',
        'msgstr ""',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Language: {language}\\n"',
        f'"Plural-Forms: {plural.plural_forms}\\n"',
    ]
    return "\n".join(header) + "\n\n" + body.getvalue().decode().strip() + "\n"


def merge(language: str, domain: str, template: Catalog) -> Catalog:
    """The translations of today's texts: kept where the text is the same, empty where it is new; gone texts are dropped."""
    merged = Catalog(locale=language, domain=domain, charset="utf-8")
    old = read_catalog(language, domain)
    for message in list_texts(template):
        known = old.get(message.id, message.context)
        same_shape = known is not None and isinstance(known.string, tuple | list) == message.pluralizable
        added = merged.add(
            message.id,
            known.string if known is not None and same_shape else None,
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known is not None else (),
            flags=message.flags | ({"fuzzy"} if known is not None and known.fuzzy else set()),
            context=message.context,
        )
        added.flags.discard("python-brace-format")
    if language == SOURCE_LANGUAGE:
        fill_source(merged)
    return merged


def list_texts(catalog: Iterable[Message]) -> list[Message]:
    return [message for message in catalog if message.id]


def extract() -> None:
    """Bring every catalogue up to date with the sources; the translations themselves are left to a person."""
    for domain in DOMAINS:
        template = make_template(domain)
        for language in LANGUAGES:
            path = path_of(language, domain)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = render_catalog(language, merge(language, domain, template))
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


def describe(message: Message) -> str:
    text = message.id[0] if isinstance(message.id, tuple | list) else message.id
    place = message.locations[0][0] if message.locations else "-"
    return f"{text[:70]!r} ({place})"


def find_problems() -> tuple[int, list[str]]:
    """Say how many texts there are, and what is missing, empty, fuzzy, left over, or broken in its placeholders."""
    problems: list[str] = []
    count = 0
    for domain in DOMAINS:
        template = make_template(domain)
        texts = list_texts(template)
        count += len(texts)
        for language in LANGUAGES:
            path = path_of(language, domain)
            if not path.exists():
                problems.append(
                    f"{language}/{domain}: there is no catalogue; run `python -m scripts.translations extract`."
                )
                continue
            catalog = read_catalog(language, domain)
            problems += [f"{language}/{domain}: {problem}" for problem in compare(language, catalog, texts)]
            if not problems and path.read_text(encoding="utf-8") != render_catalog(
                language, merge(language, domain, template)
            ):
                problems.append(
                    f"{language}/{domain}: not as extraction writes it; run `python -m scripts.translations extract`."
                )
    return count, problems


def compare(language: str, catalog: Catalog, texts: list[Message]) -> Iterator[str]:
    known = {(message.context, message.id): message for message in list_texts(catalog)}
    plurals = get_plural(language).num_plurals
    for text in texts:
        message = known.pop((text.context, text.id), None)
        if message is None:
            yield f"missing: {describe(text)}"
            continue
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if not all(strings) or (message.pluralizable and len(strings) != plurals):
            yield f"empty: {describe(text)}"
        elif message.fuzzy:
            yield f"fuzzy: {describe(text)}"
        elif language == SOURCE_LANGUAGE and message.string != message.id:
            yield f"English differs from its msgid: {describe(text)}"
        else:
            if not message.pluralizable and set(PLACEHOLDER.findall(message.id)) != set(
                PLACEHOLDER.findall(message.string)
            ):
                yield f"other placeholders: {describe(text)}"
            message.flags |= text.flags
            for error in message.check(catalog):
                yield f"{error}: {describe(text)}"
    for message in known.values():
        yield f"left over: {describe(message)}"


def print_stats() -> None:
    for domain in DOMAINS:
        for language in LANGUAGES:
            texts = list_texts(read_catalog(language, domain))
            done = [
                m for m in texts if not m.fuzzy and all(m.string if isinstance(m.string, tuple | list) else (m.string,))
            ]
            print(f"{domain:9} {language}  {len(done):5} of {len(texts):5} texts")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="translations", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("act", choices=["extract", "check", "stats"])
    act = parser.parse_args(arguments).act
    if act == "extract":
        extract()
    if act in {"extract", "stats"}:
        print_stats()
        return 0
    count, problems = find_problems()
    for problem in problems:
        print(problem)
    print(f"{count} texts, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
