"""Rules for templates: what the content security policy refuses, and what switches escaping off."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from .findings import Rule, Source

COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.DOTALL)
TEMPLATE_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TAG = re.compile(r"<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
STYLE = re.compile(r"(?:^|\s)style\s*=", re.IGNORECASE)
HANDLER = re.compile(r"(?:^|\s)(on[a-z]+)\s*=", re.IGNORECASE)
DATA_BLOCK = re.compile(r"\btype\s*=\s*[\"'](?:application/json|application/ld\+json)[\"']", re.IGNORECASE)
SOURCE = re.compile(r"\bsrc\s*=", re.IGNORECASE)
SCRIPT_ADDRESS = re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE)
FOREIGN = re.compile(r"\b(?:src|href|srcset|action)\s*=\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)
ESCAPING_OFF = re.compile(r"\{\{[^}]*\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off\b|\{%\s*filter\s+[^%]*\bsafe\b")


def is_template(path: PurePosixPath) -> bool:
    return path.suffix in {".html", ".svg"} and "templates" in path.parts


def blank(text: str, pattern: re.Pattern[str]) -> str:
    """The text with the matches blanked out, so that offsets and lines stay."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def check_inline(source: Source) -> Iterator[tuple[int, str]]:
    text = blank(blank(source.text, COMMENT), TEMPLATE_CODE)
    for tag in TAG.finditer(text):
        line, name = line_of(text, tag.start()), tag["name"].lower()
        # Quoted values may hold any words; only the attributes' own names count.
        names = re.sub(r"\"[^\"]*\"|'[^']*'", '""', tag["attributes"])
        if STYLE.search(names):
            yield line, "A style attribute is refused by the policy: use a class, an SVG attribute or <progress>."
        if handler := HANDLER.search(names):
            yield line, f"{handler[1]}= is refused by the policy: bind a module by data-*."
        if name == "script" and not SOURCE.search(names) and not DATA_BLOCK.search(tag["attributes"]):
            yield line, "An inline <script> is refused by the policy: write a module under static/js."
        if name == "style":
            yield line, "An inline <style> is refused by the policy: write it into static/css."
        if SCRIPT_ADDRESS.search(tag["attributes"]):
            yield line, "A javascript: address is refused by the policy."


def check_foreign(source: Source) -> Iterator[tuple[int, str]]:
    text = blank(source.text, COMMENT)
    for match in FOREIGN.finditer(text):
        yield line_of(text, match.start()), "The page asks a foreign address: everything is served from here."


def check_escaping(source: Source) -> Iterator[tuple[int, str]]:
    text = blank(source.text, COMMENT)
    for match in ESCAPING_OFF.finditer(text):
        yield line_of(text, match.start()), "Escaping is switched off: hand over safe HTML made by core, without |safe."


RULES = (
    Rule("inline-markup", is_template, check_inline),
    Rule("foreign-address", is_template, check_foreign),
    Rule("escaping-off", is_template, check_escaping),
)
