"""A community is read in row by row: repeatable, whole, and no bad row costs a good one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError
from app.databases.names import Database
from app.domain.member_rows import BadRow, MemberRow, member_row
from app.domain.statements import Importance
from app.repositories.backend import outbox, profiles, statements, summaries, users
from app.services import import_members
from app.workers.relay import Relay
from tests.conftest import Pair
from tests.people import WordEmbedder

Rows = list[tuple[int, MemberRow] | BadRow]


def _rows(*raw: dict[str, Any]) -> Rows:
    return [(line, member_row(one)) for line, one in enumerate(raw, start=1)]


def _raw(email: str, **fields: Any) -> dict[str, Any]:
    return {"email": email, "needs": ["tax advice"], "offers": ["piano lessons"]} | fields


def _import(
    adapter: PostgreSQLAdapter, rows: Rows, *, approve: bool = False
) -> import_members.Report:
    return import_members.import_members(
        adapter, rows, approve=approve, progress=lambda _count: None
    )


def _figures(report: import_members.Report) -> tuple[int, int, int, int, int]:
    return (
        report.created, report.updated, report.unchanged, report.approved, len(report.bad)
    )  # fmt: skip


def test_a_member_arrives_with_everything_the_row_said(adapter: PostgreSQLAdapter) -> None:
    raw = _raw(
        "Jose@example.org", first_name="José", last_name="O'Brien (Pepe)", headline="Baker",
        place="Cork", languages=["es", "ga"], fields=["food"], club="north",
        needs=["flour &amp; yeast", "an oven"], offers=["bread's the thing"],
    )  # fmt: skip
    assert _figures(_import(adapter, _rows(raw))) == (1, 0, 0, 0, 0)
    with adapter.backend() as backend:
        member = users.by_email(backend, "JOSE@EXAMPLE.ORG")
        about = profiles.by_ids(backend, [member.id])[member.id]
        summary = summaries.current(backend, member.id)
        said = statements.of_summary(backend, summary.id)
    assert member.name == "José O'Brien (Pepe)"
    assert member.onboarding_status == "completed"
    assert (about.headline, about.place) == ("Baker", "Cork")
    assert (about.languages, about.fields) == (["es", "ga"], ["food"])
    assert about.further == {"club": "north"}
    assert (summary.status, summary.version) == ("draft", 1)
    assert "- flour &amp; yeast" in summary.summary
    assert [s.text for s in said] == ["flour &amp; yeast", "an oven", "bread's the thing"]


def test_the_same_rows_again_change_nothing_at_all(adapter: PostgreSQLAdapter, pair: Pair) -> None:
    rows = _rows(*(_raw(f"m{n}@example.org", club=n) for n in range(5)))
    assert _figures(_import(adapter, rows, approve=True)) == (5, 0, 0, 5, 0)
    before = pair.contents()
    assert _figures(_import(adapter, rows, approve=True)) == (0, 0, 5, 0, 0)
    assert pair.contents() == before


@pytest.mark.parametrize(
    "change",
    [{"first_name": "Anna"}, {"place": "Cork"}, {"club": "south"}, {"needs": ["a garden"]}],
    ids=["name", "profile", "further field", "need"],
)
def test_a_row_that_says_something_new_updates_the_member(
    adapter: PostgreSQLAdapter, change: dict[str, Any]
) -> None:
    _import(adapter, _rows(_raw("ann@example.org", first_name="Ann")))
    changed = _raw("ann@example.org", first_name="Ann") | change
    assert _figures(_import(adapter, _rows(changed))) == (0, 1, 0, 0, 0)
    with adapter.backend() as backend:
        member = users.by_email(backend, "ann@example.org")
        newest = summaries.current(backend, member.id)
    assert newest.version == (2 if "needs" in change else 1)


def test_a_row_says_which_texts_are_minor_and_one_that_says_nothing_leaves_them(
    adapter: PostgreSQLAdapter,
) -> None:
    raw = _raw("ann@example.org", needs=["tax", "law"])

    def minor() -> tuple[list[str], int]:
        with adapter.backend() as backend:
            member = users.by_email(backend, "ann@example.org")
            newest = summaries.current(backend, member.id)
            said = statements.of_summary(backend, newest.id)
        return [s.text for s in said if s.importance is Importance.MINOR], newest.version

    marked = raw | {"minor_needs": ["law"], "minor_offers": "piano lessons"}
    assert _figures(_import(adapter, _rows(marked), approve=True)) == (1, 0, 0, 1, 0)
    assert minor() == (["law", "piano lessons"], 1)
    assert _figures(_import(adapter, _rows(marked), approve=True)) == (0, 0, 1, 0, 0)
    assert _figures(_import(adapter, _rows(raw), approve=True)) == (0, 0, 1, 0, 0)
    _import(adapter, _rows(raw | {"needs": ["law", "a boat"], "minor_offers": []}), approve=True)
    assert minor() == (["law"], 2)


def test_cara_and_cara_in_capitals_are_one_account(adapter: PostgreSQLAdapter, pair: Pair) -> None:
    _import(adapter, _rows(_raw("Cara@Example.org")))
    assert _figures(_import(adapter, _rows(_raw("cara@example.org")))) == (0, 0, 1, 0, 0)
    assert pair.sql(Database.BACKEND, "SELECT email FROM users") == "Cara@Example.org"


def test_two_rows_of_one_account_in_one_file_are_taken_in_their_order(
    adapter: PostgreSQLAdapter,
) -> None:
    first, other = _raw("Ann@example.org", place="Cork"), _raw("ben@example.org")
    again = _raw("ann@EXAMPLE.org", place="Rome", needs=["a garden"])
    report = _import(adapter, _rows(first, other, again), approve=True)
    assert _figures(report) == (2, 1, 0, 3, 0)
    with adapter.backend() as backend:
        member = users.by_email(backend, "ann@example.org")
        newest = summaries.current(backend, member.id)
        about = profiles.by_ids(backend, [member.id])[member.id]
        said = statements.of_summary(backend, newest.id)
    assert (newest.version, about.place) == (2, "Rome")
    assert [s.text for s in said] == ["a garden", "piano lessons"]


def test_each_members_event_carries_the_version_that_was_approved(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    _import(adapter, _rows(_raw("ann@example.org")), approve=True)
    changed = _raw("ann@example.org", needs=["a garden"])
    _import(adapter, _rows(changed, _raw("ben@example.org")))
    _import(adapter, _rows(changed, _raw("ben@example.org")), approve=True)
    told = pair.sql(
        Database.BACKEND,
        "SELECT string_agg(email || ' ' || (payload->>'version'), ', ' ORDER BY o.id)"
        " FROM outbox o JOIN users u ON u.id = o.user_id WHERE o.topic = 'embed'",
    )
    assert sorted(told.split(", ")) == [
        "ann@example.org 1", "ann@example.org 2", "ben@example.org 1"
    ]  # fmt: skip


def test_without_approval_nothing_is_caused_and_approval_later_causes_it_once(
    adapter: PostgreSQLAdapter,
) -> None:
    rows = _rows(_raw("ann@example.org"))
    _import(adapter, rows)
    with adapter.backend() as backend:
        assert outbox.backlog(backend).pending == 0
    assert _import(adapter, rows, approve=True).approved == 1
    assert _import(adapter, rows, approve=True).approved == 0
    with adapter.backend() as backend:
        assert outbox.backlog(backend).pending == 1


def test_what_was_typed_is_what_is_stored_and_embedded_with_no_escapes_added(
    adapter: PostgreSQLAdapter,
) -> None:
    typed = ["R&D <advice>", "R&amp;D as typed", 'it\'s "quoted"']
    _import(adapter, _rows(_raw("ann@example.org", needs=typed, offers=[])), approve=True)
    embedder = WordEmbedder()
    Relay(adapter, embedder).look()
    assert embedder.asked == typed


def test_bad_rows_are_reported_by_line_and_the_good_ones_between_them_come_in(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    rows: Rows = [BadRow(1, "it is not JSON"), *_rows(_raw("x@example.org"))]
    rows += [BadRow(3, "no address"), (4, member_row(_raw("ben@example.org")))]
    steps: list[int] = []
    report = import_members.import_members(adapter, rows, approve=True, progress=steps.append)
    assert _figures(report) == (2, 0, 0, 2, 2)
    assert [bad.line for bad in report.bad] == [1, 3]
    assert sum(steps) == 4, "the bar comes to its end"
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM users") == "2"


def test_a_row_that_the_database_itself_refuses_is_a_bad_row_and_costs_no_other(
    adapter: PostgreSQLAdapter, pair: Pair
) -> None:
    good, ill, last = _rows(_raw("a@example.org"), _raw("b@example.org"), _raw("c@example.org"))
    assert not isinstance(ill, BadRow)
    smuggled = member_row(_raw("b@example.org", club="x"))
    object.__setattr__(smuggled, "further", {"huge": float("nan")})
    report = _import(adapter, [good, (2, smuggled), last], approve=True)
    assert _figures(report) == (2, 0, 0, 2, 1)
    assert report.bad[0].line == 2
    assert "json" in report.bad[0].reason
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM users") == "2"


def test_the_row_of_a_deleted_account_is_told_and_costs_no_other(
    adapter: PostgreSQLAdapter,
) -> None:
    rows = _rows(_raw("gone@example.org"), _raw("ann@example.org"))
    _import(adapter, rows[:1])
    with adapter.backend() as backend:
        backend.execute("UPDATE users SET deleted_at = now()")
    report = _import(adapter, rows)
    assert _figures(report) == (1, 0, 0, 0, 1)
    assert "the account of gone@example.org was deleted" in report.bad[0].reason


def test_an_import_cut_off_in_the_middle_keeps_whole_batches_and_is_finished_by_the_next(
    adapter: PostgreSQLAdapter, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_members, "BATCH", 3)
    rows = _rows(*(_raw(f"m{n}@example.org") for n in range(8)))
    done: list[int] = []

    def cut(count: int) -> None:
        done.append(count)
        if sum(done) >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_members.import_members(adapter, rows, approve=True, progress=cut)
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM users") == "3"
    assert pair.sql(Database.BACKEND, "SELECT count(*) FROM outbox") == "3"
    assert _figures(_import(adapter, rows, approve=True)) == (5, 0, 3, 5, 0)


def test_an_import_while_the_backend_is_away_raises_and_is_no_empty_report(pair: Pair) -> None:
    nowhere = "postgresql://postgres:postgres@127.0.0.1:1/reciprocity_db"
    away = PostgreSQLAdapter(pair.settings.model_copy(update={"backend_database_url": nowhere}))
    with pytest.raises(DatabaseUnavailableError):
        _import(away, _rows(_raw("ann@example.org")))


@pytest.fixture(scope="module")
def wide_open(read_only_pair: Pair) -> Iterator[PostgreSQLAdapter]:
    """A database for many examples, each with addresses of its own."""
    made = PostgreSQLAdapter(read_only_pair.settings)
    yield made
    made.close()


_text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
_raws = st.lists(
    st.fixed_dictionaries(
        {"needs": st.lists(_text, max_size=3), "offers": st.lists(_text, max_size=3)},
        optional={"first_name": _text, "place": _text, "languages": st.lists(_text, max_size=2),
                  "note": st.dictionaries(_text, st.integers() | _text | st.none(), max_size=2)},
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_raws)
def test_whatever_people_type_comes_out_as_it_went_in_and_twice_is_as_good_as_once(
    wide_open: PostgreSQLAdapter, raws: list[dict[str, Any]]
) -> None:
    prefix = os.urandom(6).hex()
    rows: Rows = []
    for line, raw in enumerate(raws):
        try:
            rows.append((line, member_row(raw | {"email": f"{prefix}-{line}@example.org"})))
        except ValueError as error:
            rows.append(BadRow(line, str(error)))
    good = [row[1] for row in rows if not isinstance(row, BadRow)]
    bad = len(rows) - len(good)
    assert _figures(_import(wide_open, rows)) == (len(good), 0, 0, 0, bad)
    assert _figures(_import(wide_open, rows)) == (0, 0, len(good), 0, bad)
    with wide_open.backend() as backend:
        for row in good:
            member = users.by_email(backend, row.email.upper())
            about = profiles.by_ids(backend, [member.id])[member.id]
            said = statements.of_summary(backend, summaries.current(backend, member.id).id)
            assert (member.first_name, about.place) == (row.first_name, row.place)
            assert about.languages == list(row.languages)
            assert about.further == row.further
            assert [s.text for s in said] == [*row.needs, *row.offers]
