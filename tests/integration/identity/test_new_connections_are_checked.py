"""Each new pooled connection is checked, and what the database announces makes that cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.adapters import postgresql
from app.adapters.migrations import announce, migrate, set_pair_id
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import identity
from app.databases.errors import IdentityError, StatementRefusedError, WrongDatabaseError
from app.databases.names import Database
from tests.conftest import Pair

AI, BACKEND = Database.AI, Database.BACKEND


@pytest.fixture
def announced(empty_pair: Pair) -> Iterator[PostgreSQLAdapter]:
    made = PostgreSQLAdapter(empty_pair.settings)
    migrate(made, "test")
    yield made
    made.close()


def _setting(pair: Pair, database: Database) -> str:
    return pair.sql(
        database,
        "SELECT s.setconfig::text FROM pg_db_role_setting s JOIN pg_database d"
        " ON d.oid = s.setdatabase WHERE d.datname = current_database();",
    )


def _reads(log: Path, table: str, act: Callable[[], None]) -> int:
    begin = log.stat().st_size
    act()
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(begin)
        return lines.read().count(f"FROM {table}")


def _take(adapter: PostgreSQLAdapter, database: Database, count: int) -> None:
    take = adapter.get_connection if database is AI else adapter.get_backend_connection
    held = [take() for _ in range(count)]
    for connection in held:
        connection.close()


@pytest.mark.parametrize("database", list(Database))
def test_a_migrated_database_announces_itself_and_the_row_is_read_once_a_process(
    empty_pair: Pair, announced: PostgreSQLAdapter, database: Database
) -> None:
    assert f"{database}/test/" in _setting(empty_pair, database)
    log = empty_pair.server(database).log
    assert _reads(log, database.identity_table, lambda: _take(announced, database, 4)) == 1


@pytest.mark.parametrize("database", list(Database))
def test_a_copy_announces_nothing_and_its_row_is_read_on_every_connection(
    pair: Pair, adapter: PostgreSQLAdapter, database: Database
) -> None:
    assert _setting(pair, database) == ""
    log = pair.server(database).log
    assert _reads(log, database.identity_table, lambda: _take(adapter, database, 4)) >= 4


@pytest.mark.parametrize("database", list(Database))
def test_a_false_announcement_is_not_believed(
    pair: Pair, adapter: PostgreSQLAdapter, database: Database
) -> None:
    claim = identity.Marker(database.value, "production", uuid4())
    pair.sql(database, identity.announcing(pair.name, claim) + ";")
    log = pair.server(database).log
    assert _reads(log, database.identity_table, lambda: _take(adapter, database, 3)) >= 3


def test_another_database_under_the_same_address_is_refused_to_a_running_process(
    pair: Pair,
    adapter: PostgreSQLAdapter,
    migrated_template: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "POOL_WAIT", 1.0)
    adapter.verify()
    away = f"{pair.name}_away"
    pair.sql(
        AI,
        "\\connect postgres\n"
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE datname = '{pair.name}';"
        f'ALTER DATABASE "{pair.name}" RENAME TO "{away}";'
        f'CREATE DATABASE "{pair.name}" TEMPLATE "{migrated_template}" OWNER reciprocity_user;'
        f'\n\\connect "{pair.name}"\n'
        f"UPDATE ai_identity SET pair_id = '{uuid4()}';",
    )
    with pytest.raises(IdentityError, match="another database than before"):
        adapter.get_connection()
    pair.sql(AI, f'DROP DATABASE "{away}";')


def test_a_new_pair_id_is_set_by_its_own_call_and_parts_the_two(
    empty_pair: Pair, announced: PostgreSQLAdapter
) -> None:
    announced.verify()
    fresh = UUID("00000000-0000-4000-8000-000000000002")
    set_pair_id(announced, BACKEND, fresh)
    assert str(fresh) in _setting(empty_pair, BACKEND)
    with pytest.raises(IdentityError, match="another installation, or a restored copy"):
        announced.verify()
    set_pair_id(announced, AI, fresh)
    announced.verify()


def test_a_role_that_is_not_the_owner_leaves_the_announcement_to_the_owner(pair: Pair) -> None:
    pair.sql(AI, f'ALTER DATABASE "{pair.name}" OWNER TO reciprocity_admin;')
    adapter = PostgreSQLAdapter(pair.settings)
    assert not announce(adapter, AI, identity.Marker("ai", "test", uuid4()))
    adapter.verify()
    adapter.close()


def test_only_the_statements_it_was_opened_for_pass_a_privileged_connection(
    pair: Pair, adapter: PostgreSQLAdapter
) -> None:
    allowed = f'ALTER DATABASE "{pair.name}" RESET application_name'
    with adapter.privileged(AI, [allowed]) as connection:
        connection.execute(allowed.encode())
        with pytest.raises(StatementRefusedError):
            connection.execute((allowed + " ").encode())
        with pytest.raises(StatementRefusedError):
            connection.execute("GRANT ALL ON ai_identity TO PUBLIC")
        with pytest.raises(WrongDatabaseError):
            connection.execute("SELECT 1 FROM users")
    with adapter.migrating_ai() as ordinary, pytest.raises(StatementRefusedError):
        ordinary.execute(allowed.encode())
