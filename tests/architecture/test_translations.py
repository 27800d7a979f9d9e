"""Extraction finds what people read, and says what is missing."""

from pathlib import PurePosixPath

import pytest
from babel.messages.catalog import Catalog

from scripts import translations
from scripts.translations import compare, list_texts, merge, read_messages, render_catalog

TEMPLATE = """{% load i18n %}
  <h1>{% translate "Teams" %}</h1>
    {# Translators: a person's place #}
  <p title="{% translate "Ward" context "place" %}">{% blocktranslate with name=person.name trimmed %}
      It's {{ name }}'s
      turn. {% endblocktranslate %}</p>
        {% blocktranslate count n=total %}{{ n }} person{% plural %}{{ n }} people{% endblocktranslate %}
  {{ _("Leave") }} <p>don't { trip</p>
"""
PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
a = _("Sent")
b = ngettext("%(count)d message", "%(count)d messages", n)
c = pgettext_lazy("a verb", "Archive")
d = _(name)
"""
SCRIPT = """
button.textContent = gettext("Send again");
const text = interpolate(ngettext("%s new", "%s new ones", count), [count]);
const label = `${gettext("Draft")}:`;
"""


def found(name: str, text: str) -> list[tuple[object, str | None]]:
    return [(key, context) for key, context, _ in read_messages(PurePosixPath(name), text)]


def test_reads_a_template() -> None:
    assert found("apps/x/templates/x/a.html", TEMPLATE) == [
        ("Teams", None),
        ("Ward", "place"),
        ("It's %(name)s's turn.", None),
        (("%(n)s person", "%(n)s people"), None),
        ("Leave", None),
    ]


def test_reads_python() -> None:
    assert found("apps/x/actions.py", PYTHON) == [
        ("Sent", None),
        (("%(count)d message", "%(count)d messages"), None),
        ("Archive", "a verb"),
    ]


def test_reads_a_browser_module() -> None:
    assert found("static/js/a.js", SCRIPT) == [
        ("Send again", None),
        (("%s new", "%s new ones"), None),
        ("Draft", None),
    ]


def test_a_catalogue_has_no_lines_and_no_dates() -> None:
    catalog = Catalog(locale="ko")
    catalog.add("Zebra", "얼룩말", locations=[("b.py", 12)])
    catalog.add("Apple", "사과", locations=[("a.py", 3)])
    text = render_catalog("ko", catalog)
    assert text.index("Apple") < text.index("Zebra")
    assert "#: a.py\n" in text
    assert "Date" not in text
    assert "Translator" not in text


def template_of(*texts: str | tuple[str, str]) -> Catalog:
    catalog = Catalog()
    for text in texts:
        catalog.add(text, locations=[("a.py", 1)])
    return catalog


@pytest.mark.parametrize(
    ("language", "given", "problem"),
    [
        ("ko", {"Sent": "보냄"}, None),
        ("ko", {}, "missing: 'Sent'"),
        ("ko", {"Sent": ""}, "empty: 'Sent'"),
        ("ko", {"Sent": "보냄", "Gone": "없음"}, "left over: 'Gone'"),
        ("en", {"Sent": "Dispatched"}, "English differs"),
    ],
)
def test_says_what_is_wrong(language: str, given: dict[str, str], problem: str | None) -> None:
    catalog = Catalog(locale=language)
    for text, translation in given.items():
        catalog.add(text, translation, locations=[("a.py", 1)])
    said = list(compare(language, catalog, list_texts(template_of("Sent"))))
    assert said == [] if problem is None else any(line.startswith(problem) for line in said)


def test_says_what_is_fuzzy_or_lost_a_placeholder() -> None:
    catalog = Catalog(locale="ko")
    catalog.add("Sent", "보냄", flags={"fuzzy"})
    catalog.add("%(n)d new", "새 글")
    said = list(compare("ko", catalog, list_texts(template_of("Sent", "%(n)d new"))))
    assert said == ["fuzzy: 'Sent' (a.py)", "other placeholders: '%(n)d new' (a.py)"]


def test_arabic_needs_all_six_plurals() -> None:
    catalog = Catalog(locale="ar")
    catalog.add(("%(n)d new", "%(n)d new"), ("%(n)d",) * 2)
    assert [
        line.split(":")[0] for line in compare("ar", catalog, list_texts(template_of(("%(n)d new", "%(n)d new"))))
    ] == ["empty"]


def test_merging_keeps_what_stands_and_drops_what_is_gone(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(translations, "LOCALE", tmp_path)
    path = translations.path_of("ko", "django")
    path.parent.mkdir(parents=True)
    old = Catalog(locale="ko")
    old.add("Sent", "보냄")
    old.add("Gone", "없음")
    path.write_text(render_catalog("ko", old), encoding="utf-8")
    merged = merge("ko", "django", template_of("Sent", "New"))
    assert {message.id: message.string for message in list_texts(merged)} == {"Sent": "보냄", "New": None}


def test_every_text_is_translated() -> None:
    count, problems = translations.find_problems()
    assert count > 100
    assert not problems, "\n".join(problems[:40])
