"""Keep the catalogues of the pages' languages complete.

    .venv/bin/python scripts/translations.py          say what is missing, and exit with 1 if anything is
    .venv/bin/python scripts/translations.py --write  bring each catalogue up to date, translations kept

Sentences come from the templates, from the errors that members may read, and from a few words that
Python gives to templates.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.adapters import documents
from app.databases.dictionary import TABLES
from app.domain import notifications as news
from app.domain.conversation import wording
from app.domain.decisions import REASONS
from app.errors import ReciprocityError
from app.languages import FOLDER, LANGUAGES, SOURCE
from app.services import (
    conversations,
    export_archive,
    letters,
    limits,
    notifications,
    onboarding_completion,
    operator_reports,
    progress,
    reports,
    resumes,
)
from app.services.pair_obstacles import NO_NEED, NO_OFFER
from app.services.site import NoMailError
from app.web import site  # noqa: F401 - with the site every error that its pages show is there
from app.web.rendering import HERE, environment

ROOT: Final = Path(__file__).parent.parent

# Where errors are raised that a member may read on a page.
TOLD_IN: Final = (
    "app/services", "app/domain", "app/web", "app/repositories/backend", "app/bootstrap.py",
    "app/adapters/documents.py", "app/adapters/pictures.py", "app/adapters/embedding_protocol.py",
    "app/adapters/embedding_onnx.py",
)  # fmt: skip
_VALUE: Final = re.compile(r"\{\w+\}")
# What an error may be about, as services name it: "The {what} is too long".
_ABOUT: Final = (
    "name", "last name", "headline", "place", "message", "note", "text", "password", "answer",
    "language", "field", "link", "person", "need", "offer",
)  # fmt: skip
# As rules and counts name what keeps somebody out of a list.
_REMOVING: Final = (
    "person not wanted", "field not wanted", "another place", "no common language", "another field",
    "inactive", "paused", "onboarding not completed", "no approved summary",
    "decided already or blocked", "no vectors",
)  # fmt: skip
_STATUS: Final = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


def sentences() -> dict[str, str]:
    """Give every sentence that a page may show, and where it stands."""
    found: dict[str, str] = {}
    for place, sentence in (*_of_templates(), *_of_errors(), *_of_words()):
        found.setdefault(sentence, place)
    return found


def _of_templates() -> Iterator[tuple[str, str]]:
    made = environment(SOURCE)
    for path in sorted((HERE / "templates").glob("*.html")):
        text = path.read_text("utf-8")
        for _line, _function, message in made.extract_translations(text):  # type: ignore[attr-defined] # put there by the extension
            for one in message if isinstance(message, tuple) else (message,):
                if isinstance(one, str):
                    yield path.name, one


def _of_errors() -> Iterator[tuple[str, str]]:
    for path in told_in():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            sentence = _raised(node) or _told(node)
            if sentence:
                yield str(path.relative_to(ROOT)), sentence


def told_in() -> Iterator[Path]:
    """Give every file in which an error is made that a page may show."""
    for place in TOLD_IN:
        start = ROOT / place
        yield from sorted(start.rglob("*.py")) if start.is_dir() else [start]


def _raised(node: ast.AST) -> str:
    """Give the sentence of an error that is made here, whether it is raised at once or returned."""
    if not (isinstance(node, ast.Call) and node.args):
        return ""
    name, first = ast.unparse(node.func).rpartition(".")[2], node.args[0]
    if name not in errors_told() or not isinstance(first, ast.Constant):
        return ""
    return str(first.value)


@cache
def errors_told() -> frozenset[str]:
    """Name the errors whose own words a page shows: not those of our side, which are logged."""
    found: set[str] = set()
    kinds = ReciprocityError.__subclasses__()
    while kinds:
        kind = kinds.pop()
        if kind.status < HTTPStatus.INTERNAL_SERVER_ERROR or kind is NoMailError:
            found.add(kind.__name__)
        kinds.extend(kind.__subclasses__())
    return frozenset(found)


def _told(node: ast.AST) -> str:
    """Give the sentence of `Told("…")`; one without a word of its own is none."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Told" and node.args):
        return ""
    first = node.args[0]
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return ""
    return first.value


def _of_words() -> Iterator[tuple[str, str]]:
    for words in REASONS.values():
        yield from (("app/domain/decisions.py", word) for word in words.values())
    yield from (("app/services/reports.py", word) for word in reports.REASONS.values())
    yield from (("app/adapters/documents.py", sentence) for sentence in documents.TELL.values())
    yield from (("app/services/conversations.py", sentence) for sentence in conversations.OVER)
    yield from (("what", word) for word in _ABOUT)
    yield from (("app/services/pair_obstacles.py", one) for one in (NO_NEED, NO_OFFER))
    yield from (("what removes somebody from a list", one) for one in _REMOVING)
    yield from _of_onboarding()
    yield from (("app/services/limits.py", sentence) for sentence in limits.TELL)
    yield from (("app/services/resumes.py", sentence) for sentence in resumes.TELL)
    yield from _of_letters()
    yield from (
        ("app/services/progress.py", one) for one in (*progress.TOLD.values(), progress.ELSE)
    )
    yield from (
        ("app/services/operator_reports.py", one) for one in operator_reports.ANSWERS.values()
    )
    archive = export_archive
    for one in (
        archive.TITLE,
        archive.MADE,
        archive.PICTURE,
        archive.EMPTY,
        archive.VECTORS,
        archive.WITHHELD,
    ):
        yield "app/services/export_archive.py", one
    yield from (
        ("app/databases/dictionary.py", table.purpose) for table in TABLES if table.personal
    )
    yield from (("http", HTTPStatus(status).phrase) for status in _STATUS)


def _of_onboarding() -> Iterator[tuple[str, str]]:
    place = "app/domain/conversation/wording.py"
    yield from ((place, one) for one in (wording.GREETING, *wording.I_NOTED, wording.NOTHING_NOTED))
    yield from ((place, one) for texts in wording.QUESTIONS.values() for one in texts)
    yield from ((place, one) for texts in wording.NOTED.values() for one in texts)
    yield from (
        ("app/services/onboarding_completion.py", one) for one in onboarding_completion.LACKING
    )


def _of_letters() -> Iterator[tuple[str, str]]:
    for words in letters.ALL:
        for one in (words.subject, *words.paragraphs):
            if any(letter.isalpha() for letter in _VALUE.sub("", one)):
                yield "app/services/letters.py", one
    for texts in news.NEWS.values():
        # A letter's subject is its first sentence without the full stop.
        yield from (("app/domain/notifications.py", one) for one in texts)
    yield from (("app/services/notifications.py", one) for one in notifications.WAYS_OUT)


def catalogue(language: str) -> Catalog:
    """Read one language's catalogue; an empty one where there is none."""
    file = FOLDER / f"{language}.po"
    if not file.exists():
        return Catalog(locale=language, project="Reciprocity", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=language)


def missing(language: str) -> list[str]:
    """List the sentences that a language has no translation of."""
    known = catalogue(language)
    translated = {str(message.id) for message in known if message.string}
    return [one for one in sentences() if one not in translated]


def write(language: str) -> None:
    """Bring a catalogue up to date: what is gone goes, what is new waits for its translation."""
    old = catalogue(language)
    new = Catalog(locale=language, project="Reciprocity", fuzzy=False)
    for sentence, place in sorted(sentences().items(), key=lambda one: (one[1], one[0])):
        before = old.get(sentence)
        new.add(sentence, before.string if before else "", locations=[(place, 0)])
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{language}.po").open("wb") as opened:
        write_po(opened, new, width=100, include_lineno=False, omit_header=True)


def main() -> int:
    """Do what the command line asks for."""
    lacking = 0
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        if "--write" in sys.argv[1:]:
            write(language)
        absent = missing(language)
        lacking += len(absent)
        print(f"{language}: {len(sentences())} sentences, {len(absent)} without translation")
        for sentence in absent:
            print(f"  {sentence}")
    return 1 if lacking else 0


if __name__ == "__main__":
    raise SystemExit(main())
