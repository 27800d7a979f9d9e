"""Each house rule refuses its bad samples and lets its good ones pass."""

import shutil
from pathlib import PurePosixPath

import pytest

from scripts.lint import RULES, Source, list_files
from scripts.lint.findings import ROOT, Rule, audit, check_source

# rule: where the sample stands, what it must refuse, what it must let pass
SAMPLES: dict[str, tuple[str, list[str], list[str]]] = {
    "scoped-objects": (
        "apps/teams/views.py",
        [
            "Team.objects.all()",
            "get_object_or_404(Team, pk=1) or Team.objects.get(pk=1)",
            "Team._default_manager.visible_to(user)",
            "start = Team.objects.visible_to",
            "queryset = Team.objects",
        ],
        [
            "Team.objects.visible_to(request.user).filter(pk=pk)",
            "Team.objects.managed_by(request.user)",
            "queries.list_teams(user)",
        ],
    ),
    "lock-no-key": (
        "apps/teams/actions.py",
        [
            "Channel.objects.select_for_update().get(pk=1)",
            "Channel.objects.select_for_update(no_key=False)",
            "Channel.objects.select_for_update(skip_locked=True)",
        ],
        [
            "Channel.objects.select_for_update(no_key=True).get(pk=1)",
            "rows.select_for_update(skip_locked=True, no_key=True)",
        ],
    ),
    "one-clock": (
        "apps/teams/models.py",
        [
            "timezone.now()",
            "at = models.DateTimeField(default=timezone.now)",
            "datetime.datetime.now(tz=UTC)",
            "datetime.utcnow()",
            "date.today()",
            "at = models.DateTimeField(auto_now_add=True)",
            "from django.db.models.functions import Now",
        ],
        [
            "clock.now()",
            "at = models.DateTimeField(default=clock.now)",
            "time.monotonic()",
            "from django.db.models.functions import Lower",
        ],
    ),
    "unsafe-call": (
        "apps/core/text.py",
        [
            "mark_safe(text)",
            "from django.utils import safestring\nsafestring.mark_safe(text)",
            "SafeString(text)",
            "@csrf_exempt\ndef send(request): ...",
            "Message.objects.raw('SELECT 1')",
            "Message.objects.extra(where=['1=1'])",
            "import pickle",
            "from pickle import loads",
            "subprocess.run('ls', shell=True)",
            "subprocess.run('ls', shell=wanted)",
        ],
        [
            "format_html('<b>{}</b>', text)",
            "def tag() -> SafeString: ...",
            "import json",
            "subprocess.run(['ls'], shell=False)",
            "subprocess.run(['ls'])",
        ],
    ),
    "environment": (
        "apps/people/views.py",
        ["os.environ['DATABASE_URL']", "os.environ.get('X')", "os.getenv('X')", "from os import environ"],
        [
            "settings.DATABASE_URL",
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'hospital_collab.settings.portal')",
            "os.path.join('a')",
        ],
    ),
    "spoken-to": (
        "apps/teams/events.py",
        ["def archive_team(*, by): ...", "class TeamArchived:\n    team_id: int", "async def send(): ..."],
        ["def _tidy(): ...", 'def archive_team(*, by):\n    """Close a team."""'],
    ),
    "model-signals": (
        "apps/people/subscribers.py",
        [
            "from django.db.models.signals import post_save",
            "from django.db.models.signals import post_migrate, pre_delete",
            "from django.db.models import signals",
        ],
        ["from django.db.models.signals import post_migrate", "from apps.core.events import subscribe"],
    ),
    "inline-markup": (
        "apps/portal/templates/portal/home.html",
        [
            '<p style="color: red">x</p>',
            "<p class=a STYLE='color: red'>x</p>",
            '<button onclick="go()">x</button>',
            "<body\n  onload=go()>",
            "<script>go()</script>",
            '<script type="module">go()</script>',
            "<style>p { color: red }</style>",
            '<a href="javascript:go()">x</a>',
        ],
        [
            '<p class="style">style = 1</p>',
            '<p data-style="a" data-on-click="b">x</p>',
            '<script type="module" src="{% static \'js/a.js\' %}"></script>',
            '<script type="application/json" id="a">{}</script>',
            "{# <p style=''> #}{% comment %}<script>{% endcomment %}<!-- <style> -->",
            '<p title="a style=b on c">x</p>',
            '<p {% if a < b %}class="a"{% endif %}>x</p>',
        ],
    ),
    "foreign-address": (
        "apps/portal/templates/portal/home.html",
        [
            '<img src="https://example.org/a.png">',
            "<link href='//example.org/a.css'>",
            '<form action="http://example.org/">',
        ],
        ["<img src=\"{% static 'a.png' %}\">", "<a href=\"{% url 'home' %}\">x</a>", "<p>https://example.org</p>"],
    ),
    "escaping-off": (
        "apps/portal/templates/portal/home.html",
        [
            "{{ body|safe }}",
            "{{ body|default:'' | safe }}",
            "{% autoescape off %}{{ body }}{% endautoescape %}",
            "{{ rows|safeseq }}",
        ],
        ["{{ body }}", "{{ body_html }}", "{# {{ body|safe }} #}", "{{ safe }}", "<p>safe</p>"],
    ),
    "logical-properties": (
        "static/css/base.css",
        [
            "p { margin-left: 1rem }",
            "p { left: 0 }",
            "p {\n  padding-top: 1px;\n}",
            "p { border-bottom: 1px solid }",
            "p { border-top-left-radius: 2px }",
            "p { text-align: left }",
            "p { float: right }",
            "p { color: red; inset-inline-start: 0; bottom: 0 }",
        ],
        [
            "p { margin-inline-start: 1rem }",
            "p { inset-block-start: 0 }",
            "p { text-align: start; float: inline-end }",
            "/* left: 0 */ p { color: red }",
            ".left:hover { --top: 1px; overflow-x: auto }",
            "p { transform-origin: left }",
        ],
    ),
    "unsafe-script": (
        "static/js/chat.js",
        [
            "eval(text)",
            "row.innerHTML = text",
            "row.outerHTML += text",
            "row.insertAdjacentHTML('beforeend', text)",
            "document.write(text)",
            "new Function('go()')",
            "row.setAttribute('style', 'color: red')",
            "setTimeout('go()', 1)",
        ],
        [
            "row.textContent = text",
            "if (row.innerHTML === '') go()",
            "row.setAttribute('aria-live', 'polite')",
            "setTimeout(go, 1)",
        ],
    ),
    "foreign-script": (
        "static/js/chat.js",
        [
            "import a from 'https://example.org/a.js'",
            "fetch('https://example.org')",
            "await import(`https://example.org`)",
        ],
        ["import a from './a.js'", "fetch(url)", "const socket = new WebSocket(address)"],
    ),
    "unfinished": (
        "docs/operations.md",
        ["# TODO: later", "FIXME", "XXX"],
        ["What to do", "a todo list", "TODOS"],
    ),
    "register-address": (
        "docs/operations.md",
        [
            "https://" + "npm" + "js.com/package",  # in parts, so that no such name stands in this file
            "pip install --index-url https://example.org/simple",
            "PIP_INDEX_URL=https://example.org",
        ],
        ["pip install hospital-collab", "an index url", "https://example.org/simple"],
    ),
    "lock-address": (
        "requirements.lock",
        ["django==5.2.19 @ https://example.org/django.whl"],
        ["django==5.2.19 \\\n    --hash=sha256:ab"],
    ),
    "machine-path": (
        "docs/operations.md",
        ["cd " + "/wo" + "rk/main", "in /ro" + "ot/.cache", "/home/kim/portal", "(/Users/kim/portal)"],
        [
            "cd hospital_collab",
            "/var/lib/hospital_collab",
            "https://example.org/wo" + "rk/1",
            "/home/",
            "a/wo" + "rk/b",
        ],
    ),
}
NAMES = {
    "apps/people/utils.py": True,
    "apps/people/helpers/text.py": True,
    "static/js/util.js": True,
    "apps/people/manager.py": True,
    "apps/people/directory.py": False,
    "static/js/chat.js": False,
}
BY_NAME = {rule.name: rule for rule in RULES}


def sample_rows(index: int) -> list[tuple[Rule, str, str]]:
    return [(BY_NAME[name], row[0], text) for name, row in SAMPLES.items() for text in row[index]]


@pytest.mark.parametrize(("rule", "path", "text"), sample_rows(1))
def test_bad_sample_is_refused(rule: Rule, path: str, text: str) -> None:
    assert rule.applies(PurePosixPath(path))
    assert check_source(rule, Source(PurePosixPath(path), text))[0]


@pytest.mark.parametrize(("rule", "path", "text"), sample_rows(2))
def test_good_sample_passes(rule: Rule, path: str, text: str) -> None:
    assert rule.applies(PurePosixPath(path))
    assert not check_source(rule, Source(PurePosixPath(path), text))[0]


@pytest.mark.parametrize(("path", "bad"), NAMES.items())
def test_module_names(path: str, bad: bool) -> None:
    rule = BY_NAME["module-names"]
    assert rule.applies(PurePosixPath(path))
    assert bool(check_source(rule, Source(PurePosixPath(path), ""))[0]) is bad


def test_every_rule_has_samples() -> None:
    assert set(SAMPLES) | {"module-names"} == set(BY_NAME)
    assert all(bad and good for _, bad, good in SAMPLES.values())


@pytest.mark.parametrize(
    ("rule", "path", "applies"),
    [
        ("scoped-objects", "apps/teams/admin.py", True),
        ("scoped-objects", "apps/teams/views/channels.py", True),
        ("scoped-objects", "apps/teams/queries.py", False),
        ("one-clock", "apps/core/clock.py", False),
        ("environment", "hospital_collab/settings/env.py", False),
        ("environment", "apps/operations/embedded.py", False),
        ("inline-markup", "templates/base.html", True),
        ("logical-properties", "static/css/admin.css", True),
    ],
)
def test_where_a_rule_looks(rule: str, path: str, applies: bool) -> None:
    assert BY_NAME[rule].applies(PurePosixPath(path)) is applies


def test_an_allowance_needs_a_reason(tmp_path) -> None:
    folder = tmp_path / "apps" / "people"
    folder.mkdir(parents=True)
    (folder / "actions.py").write_text(
        "mark_safe(a)  # allowed: unsafe-call: the text comes out of our own renderer\n"
        "mark_safe(b)  # allowed: unsafe-call\n"
        "tidy(c)  # allowed: unsafe-call: nothing to allow in this line\n"
    )
    findings, audited = audit([BY_NAME["unsafe-call"]], tmp_path)
    assert audited == 1
    assert [(finding.line, finding.rule) for finding in findings] == [
        (2, "allowance"),
        (2, "unsafe-call"),
        (3, "allowance"),
    ]


def test_a_rule_without_files_is_a_finding(tmp_path) -> None:
    (tmp_path / "README.md").write_text("Nothing to see.\n")
    findings, _ = audit([BY_NAME["logical-properties"]], tmp_path)
    assert [finding.text for finding in findings] == ["The rule looked at no file."]


def test_files_of_the_tree_keep_the_rules(tmp_path) -> None:
    """One file a rule, the shortest; `./run check` looks at all."""
    files = sorted(list_files(), key=lambda path: (ROOT / path).stat().st_size)
    for rule in RULES:
        path = next(path for path in files if rule.applies(path) and (ROOT / path).stat().st_size > 500)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    findings, audited = audit(RULES, tmp_path)
    assert audited > 3
    assert not findings, "\n".join(map(str, findings))
