"""Every role with every table and verb, tried on real servers and not looked up in the declaration alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.adapters import granting
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import dictionary, roles
from app.databases.names import Database
from app.embedded.provisioning import provision
from app.errors import ConflictError
from app.settings import read_env_file
from tests.conftest import Pair, Run

AI, BACKEND = Database.AI, Database.BACKEND
# What the rest of a deployment was promised, in words of its own: "table verb" by service.
PROMISED = {
    ("nestjs", "ai-service"): {
        "users": "SELECT UPDATE(onboarding_status)",
        "user_summaries": "SELECT INSERT",
        "matches": "SELECT",
        "match_batches": "SELECT",
        "match_feedback": "SELECT",
        "messages": "",
    },
    ("nestjs", "celery-worker"): {
        "users": "SELECT UPDATE(onboarding_status)",
        "user_summaries": "SELECT INSERT",
        "matches": "SELECT",
        "messages": "",
        "credentials": "",
    },
    ("standalone", "celery-worker"): {
        "users": "SELECT",
        "user_summaries": "SELECT",
        "matches": "SELECT INSERT UPDATE DELETE",
        "messages": "",
        "credentials": "",
    },
    ("standalone", "metrics"): {
        "users": "SELECT(created_at deleted_at id is_active allow_matching onboarding_status)",
        "profiles": "",
        "statements": "",
        "messages": "",
        "match_reasons": "",
    },
}

# Tries every verb as every role and writes down what was allowed; rights are checked before rows
# are looked at, so that no row is needed and none is changed.
_TRY = """
CREATE TEMP TABLE found (line text);
GRANT ALL ON found TO PUBLIC;
DO $try$
DECLARE
    who text; tab text; col text; allowed text[]; cols text[];
BEGIN
    FOREACH who IN ARRAY string_to_array('{roles}', ' ') LOOP
        FOREACH tab IN ARRAY string_to_array('{tables}', ' ') LOOP
            EXECUTE 'SET LOCAL ROLE ' || quote_ident(who);
            allowed := '{{}}';
            BEGIN EXECUTE format('SELECT * FROM %I LIMIT 0', tab); allowed := allowed || 'SELECT'::text;
            EXCEPTION WHEN insufficient_privilege THEN
                cols := '{{}}';
                FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = tab::regclass
                        AND attnum > 0 AND NOT attisdropped ORDER BY attname LOOP
                    BEGIN EXECUTE format('SELECT %I FROM %I LIMIT 0', col, tab); cols := cols || col;
                    EXCEPTION WHEN insufficient_privilege THEN NULL; END;
                END LOOP;
                IF cols <> '{{}}' THEN
                    allowed := allowed || ('SELECT(' || array_to_string(cols, ' ') || ')');
                END IF;
            END;
            BEGIN EXECUTE format('INSERT INTO %I DEFAULT VALUES', tab); allowed := allowed || 'INSERT'::text;
                RAISE EXCEPTION USING ERRCODE = 'RX000';
            EXCEPTION WHEN insufficient_privilege THEN NULL;
                WHEN not_null_violation OR check_violation OR unique_violation OR foreign_key_violation
                THEN allowed := allowed || 'INSERT'::text;
                WHEN SQLSTATE 'RX000' THEN NULL;
            END;
            cols := '{{}}';
            FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = tab::regclass
                    AND attnum > 0 AND NOT attisdropped ORDER BY attname LOOP
                BEGIN EXECUTE format('UPDATE %I SET %I = DEFAULT WHERE false', tab, col);
                    cols := cols || col;
                EXCEPTION WHEN insufficient_privilege THEN NULL; END;
            END LOOP;
            IF cardinality(cols) = (SELECT count(*) FROM pg_attribute WHERE attrelid = tab::regclass
                    AND attnum > 0 AND NOT attisdropped) THEN
                allowed := allowed || 'UPDATE'::text;
            ELSIF cols <> '{{}}' THEN
                allowed := allowed || ('UPDATE(' || array_to_string(cols, ' ') || ')');
            END IF;
            BEGIN EXECUTE format('DELETE FROM %I WHERE false', tab); allowed := allowed || 'DELETE'::text;
            EXCEPTION WHEN insufficient_privilege THEN NULL; END;
            BEGIN EXECUTE format('TRUNCATE %I', tab); allowed := allowed || 'TRUNCATE'::text;
                RAISE EXCEPTION USING ERRCODE = 'RX000';
            EXCEPTION WHEN insufficient_privilege THEN NULL;
                WHEN feature_not_supported THEN allowed := allowed || 'TRUNCATE'::text;
                WHEN SQLSTATE 'RX000' THEN NULL;
            END;
            BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN intruder int', tab);
                allowed := allowed || 'ALTER'::text;
                RAISE EXCEPTION USING ERRCODE = 'RX000';
            EXCEPTION WHEN insufficient_privilege THEN NULL; WHEN SQLSTATE 'RX000' THEN NULL; END;
            RESET ROLE;
            INSERT INTO found VALUES (who || '|' || tab || '|' || array_to_string(allowed, ' '));
        END LOOP;
    END LOOP;
END $try$;
SELECT line FROM found;
"""


@dataclass(frozen=True)
class Applied:
    pair: Pair
    mode: roles.Mode
    secrets: Path

    def matrix(self, database: Database) -> dict[tuple[str, str], str]:
        """Try everything; give what was allowed by (role, table)."""
        tables = [t.name for t in dictionary.tables_of(database) if t.name in self.tables(database)]
        text = _TRY.format(roles=" ".join(roles.roles(database)), tables=" ".join(tables))
        rows = [line.split("|") for line in self.pair.sql(database, text).splitlines()]
        return {(who, table): allowed for who, table, allowed in rows}

    def tables(self, database: Database) -> set[str]:
        found = self.pair.sql(
            database, "SELECT tablename FROM pg_tables WHERE schemaname='public';"
        )
        return set(found.splitlines())


def _dba(pair: Pair, database: Database) -> str:
    server = pair.server(database)
    return f"postgresql://{server.superuser}:{server.password}@127.0.0.1:{server.port}/{pair.name}"


@pytest.fixture
def dba(pair: Pair) -> Iterator[dict[str, str]]:
    yield {"AI_DBA": _dba(pair, AI), "BACKEND_DBA": _dba(pair, BACKEND)}
    for database in Database:  # roles belong to the server and would outlive the databases
        names = ", ".join(roles.roles(database))
        pair.sql(
            database,
            f"REASSIGN OWNED BY {names} TO {pair.server(database).superuser};"
            f"DROP OWNED BY {names}; DROP ROLE {names};",
        )


@pytest.fixture(params=["standalone", "nestjs"])
def applied(
    request: pytest.FixtureRequest, pair: Pair, dba: dict[str, str], run: Run, tmp_path: Path
) -> Applied:
    made = Applied(pair, request.param, tmp_path / "roles.env")
    for database in Database:
        answer = _apply(run, made, database, dba)
        assert answer.returncode == 0, answer.stderr
    return made


def _apply(run: Run, made: Applied, database: Database, dba: dict[str, str], *more: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - what `run` gives
    options = ["--mode", made.mode, "--secrets", str(made.secrets), "--yes", *more]
    source = f"--address-from={database.name}_DBA"
    return run(
        ["-m", "app.cli.main", "roles", database.value, "--apply", source, *options],
        made.pair.environment | dba,
    )


def _expected(database: Database, service: roles.Service, table: str, mode: roles.Mode) -> set[str]:
    return {
        f"{r.verb}({' '.join(sorted(r.columns))})" if r.columns else r.verb
        for r in roles.rights(database, service, table, mode)
    }


def _sorted(text: str) -> set[str]:
    """Take "SELECT UPDATE(b a)" apart into verbs with their columns in order."""
    found, rest = set(), text
    while rest:
        head, _, tail = rest.partition(" ")
        if "(" in head:
            inside, _, tail = rest.partition(")")
            verb, _, columns = inside.partition("(")
            head = f"{verb}({' '.join(sorted(columns.split()))})"
            tail = tail.strip()
        found.add(head)
        rest = tail
    return found


def test_every_role_may_do_with_every_table_what_is_declared_and_nothing_else(
    applied: Applied,
) -> None:
    tried = 0
    for database in Database:
        matrix = applied.matrix(database)
        for service in roles.SERVICES:
            for table in applied.tables(database) & {
                t.name for t in dictionary.tables_of(database)
            }:
                got = _sorted(matrix[roles.role(database, service), table])
                assert got == _expected(database, service, table, applied.mode), (service, table)
                tried += 1
    assert tried > 50


def test_the_promises_to_the_rest_of_the_deployment_hold(applied: Applied) -> None:
    matrix = applied.matrix(BACKEND)
    for (mode, service), promised in PROMISED.items():
        for table, allowed in promised.items() if mode == applied.mode else ():
            if table in applied.tables(BACKEND):
                assert _sorted(matrix[roles.role(BACKEND, service), table]) == _sorted(allowed)


def test_the_owner_may_change_the_shape_of_our_tables_and_of_no_others(applied: Applied) -> None:
    matrix = applied.matrix(BACKEND)
    owner = roles.role(BACKEND, roles.OWNER)
    assert "ALTER" in matrix[owner, "outbox"].split()
    shared = [t.name for t in dictionary.TABLES if t.owner == "shared"]
    for table in shared:
        assert ("ALTER" in matrix[owner, table].split()) == (applied.mode == "standalone")


def test_each_role_enters_its_own_database_only_and_nobody_else_where_that_is_ours(
    applied: Applied, pair: Pair
) -> None:
    provision(pair.server(BACKEND), "CREATE ROLE passer_by LOGIN PASSWORD 'passer_by';")
    try:
        entering = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'reciprocity_%' OR rolname = 'passer_by'"
        for database in Database:
            found = pair.sql(
                database,
                f"SELECT rolname FROM ({entering}) r WHERE"
                " has_database_privilege(rolname, current_database(), 'CONNECT') ORDER BY 1;",
            ).splitlines()
            superuser = pair.server(database).superuser
            theirs = (
                database is BACKEND and applied.mode == "nestjs"
            )  # who may enter is theirs to say
            others = {"passer_by"} if theirs else set()
            assert set(found) - {superuser, "reciprocity_user"} - others == set(
                roles.roles(database)
            )
            assert others <= set(found)
    finally:
        provision(pair.server(BACKEND), "DROP ROLE passer_by;")


def test_the_services_work_with_the_rights_they_have(
    pair: Pair, dba: dict[str, str], run: Run, tmp_path: Path
) -> None:
    made = Applied(pair, "standalone", tmp_path / "roles.env")
    for database in Database:
        assert _apply(run, made, database, dba).returncode == 0
    given = read_env_file(made.secrets)
    members = tmp_path / "members.jsonl"
    members.write_text(
        '{"email": "a@example.org", "needs": ["a lawyer"], "offers": ["bookkeeping"]}\n'
        '{"email": "b@example.org", "needs": ["bookkeeping"], "offers": ["a lawyer"]}\n'
    )
    operator = {name: given[f"OPERATOR_{name}"] for name in pair.environment}
    answer = run(["-m", "app.cli.main", "import", str(members), "--approve"], operator)
    assert answer.returncode == 0, answer.stderr
    worker = {name: given[f"CELERY_WORKER_{name}"] for name in pair.environment}
    look = (
        "from app.bootstrap import platform; from app.workers.relay import Relay\n"
        "from app.settings import CommandSettings, load\n"
        "made = platform(load(CommandSettings)); made.databases.verify()\n"
        "Relay(made.databases, made.embedder).look()\n"
    )
    answer = run(["-c", look], worker)
    assert answer.returncode == 0, answer.stderr
    answer = run(["-m", "app.cli.main", "matches", "a@example.org"], operator)
    assert "bookkeeping" in answer.stdout, answer.stderr + pair.sql(
        BACKEND, "SELECT last_error FROM outbox;"
    )
    api = {name: given[name] for name in pair.environment}
    call = (
        "from app.adapters.postgresql import postgresql_adapter as a; a.verify()\n"
        "from app.repositories.backend import users\n"
        "with a.backend() as b: who = users.by_email(b, 'a@example.org').id\n"
        "a.update_user_onboarding_status(who, 'completed')\n"
        "a.create_user_summary(who, 'more')\n"
        "print(a.get_valid_user_ids([who]))\n"
    )
    answer = run(["-c", call], api)
    assert answer.returncode == 0, answer.stderr
    owner = {name: given[f"OWNER_{name}"] for name in pair.environment}
    answer = run(["-m", "app.cli.main", "migrate"], owner)
    assert answer.returncode == 0, answer.stderr


def test_the_three_documented_methods_work_with_what_the_contract_leaves(
    pair: Pair, dba: dict[str, str], run: Run, tmp_path: Path
) -> None:
    made = Applied(pair, "nestjs", tmp_path / "roles.env")
    for database in Database:
        assert _apply(run, made, database, dba).returncode == 0
    pair.sql(
        BACKEND,
        "INSERT INTO users (id, first_name, last_name, email, onboarding_status, is_active,"
        " allow_matching, is_email_verified, created_at, updated_at) VALUES"
        " ('00000000-0000-4000-8000-00000000000a', 'A', 'B', 'a@example.org', 'not_started', true,"
        "  true, true, now(), now());",
    )
    given = read_env_file(made.secrets)
    call = (
        "from app.adapters.postgresql import postgresql_adapter as a; a.verify()\n"
        "who = '00000000-0000-4000-8000-00000000000a'\n"
        "a.update_user_onboarding_status(who, 'completed')\n"
        "a.create_user_summary(who, 'needs and offers')\n"
        "print(a.get_valid_user_ids([who]))\n"
    )
    answer = run(["-c", call], {name: given[name] for name in pair.environment})
    assert answer.returncode == 0, answer.stderr
    assert pair.sql(BACKEND, "SELECT onboarding_status FROM users;") == "completed"


def test_applying_again_changes_nothing_and_passwords_are_shown_nowhere(
    pair: Pair, dba: dict[str, str], run: Run, tmp_path: Path
) -> None:
    made = Applied(pair, "standalone", tmp_path / "roles.env")
    logs = {d: pair.server(d).log.stat().st_size for d in Database}
    first = [_apply(run, made, database, dba) for database in Database]
    written = made.secrets.read_text()
    matrix = made.matrix(BACKEND)
    second = [_apply(run, made, database, dba) for database in Database]
    assert made.secrets.read_text() == written
    assert made.secrets.stat().st_mode & 0o077 == 0
    assert made.matrix(BACKEND) == matrix
    said = "".join(answer.stdout + answer.stderr for answer in (*first, *second))
    for database in Database:
        with pair.server(database).log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(logs[database])
            said += lines.read()
    passwords = [line.split(":")[2].split("@")[0] for line in written.splitlines()]
    assert len(passwords) == 10
    assert not any(password in said for password in passwords)


def test_a_given_password_is_taken(
    pair: Pair, dba: dict[str, str], run: Run, tmp_path: Path
) -> None:
    made = Applied(pair, "standalone", tmp_path / "roles.env")
    port = pair.server(BACKEND).port
    address = f"postgresql://reciprocity_backend_metrics:gi%40ven@127.0.0.1:{port}/{pair.name}"
    made.secrets.write_text(f"METRICS_RECIPROCITY_BACKEND_DB_URL={address}\n")
    for database in Database:
        assert _apply(run, made, database, dba).returncode == 0
    given = read_env_file(made.secrets)
    assert given["METRICS_RECIPROCITY_BACKEND_DB_URL"] == address
    metrics = {name: given[f"METRICS_{name}"] for name in pair.environment}
    answer = run(
        ["-c", "from app.adapters.postgresql import postgresql_adapter as a; a.verify()"], metrics
    )
    assert answer.returncode == 0, answer.stderr


def test_who_would_lose_access_is_listed_first_and_a_no_changes_nothing(
    pair: Pair, dba: dict[str, str]
) -> None:
    provision(
        pair.server(BACKEND),
        "CREATE ROLE reporting LOGIN; CREATE ROLE staff; CREATE ROLE clerk LOGIN IN ROLE staff;",
    )
    pair.sql(BACKEND, f'GRANT CONNECT ON DATABASE "{pair.name}" TO staff;')
    pair.sql(BACKEND, f'GRANT CONNECT ON DATABASE "{pair.name}" TO PUBLIC;')
    asked: list[list[str]] = []
    adapter = PostgreSQLAdapter(pair.settings)
    passwords = dict.fromkeys(roles.roles(BACKEND), "a password")

    def say(answer: bool) -> granting.Applied:  # noqa: FBT001 - the answer itself
        def may_lose(lost: list[str]) -> bool:
            asked.append(lost)
            return answer

        return granting.apply(
            adapter, BACKEND, "standalone", passwords, address=dba["BACKEND_DBA"], may_lose=may_lose
        )

    try:
        with pytest.raises(ConflictError, match="These would lose something: reporting"):
            say(False)
        assert (
            pair.sql(
                BACKEND, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'reciprocity_backend%';"
            )
            == "0"
        )
        assert say(True).lost == ["reporting"]
        assert asked == [["reporting"], ["reporting"]]
    finally:
        pair.sql(BACKEND, f'REVOKE ALL ON DATABASE "{pair.name}" FROM staff;')
        provision(pair.server(BACKEND), "DROP ROLE reporting; DROP ROLE clerk; DROP ROLE staff;")
        for name in roles.roles(AI):
            provision(pair.server(AI), f"CREATE ROLE {name};")
        adapter.close()


def test_the_printed_script_does_the_same_through_psql(
    pair: Pair, dba: dict[str, str], run: Run
) -> None:
    del dba
    for database in Database:
        answer = run(["-m", "app.cli.main", "roles", database.value], pair.environment)
        assert answer.returncode == 0, answer.stderr
        assert "PASSWORD" not in answer.stdout
        for _ in range(2):
            pair.sql(database, answer.stdout)
    matrix = Applied(pair, "standalone", Path()).matrix(BACKEND)
    assert _sorted(matrix["reciprocity_backend_celery_worker", "users"]) == {"SELECT"}
    assert _sorted(matrix["reciprocity_backend_ai_service", "match_staging"]) == set()


def test_without_the_right_to_give_rights_it_says_who_must(
    pair: Pair, run: Run, tmp_path: Path
) -> None:
    answer = run(
        [
            "-m",
            "app.cli.main",
            "roles",
            "ai",
            "--apply",
            "--yes",
            "--secrets",
            str(tmp_path / "r.env"),
        ],
        pair.environment,
    )
    assert answer.returncode == 1
    assert "nothing was changed" in answer.stderr
    assert "--address-from" in answer.stderr


def test_another_database_is_not_given_rights_by_mistake(pair: Pair, run: Run) -> None:
    answer = run(
        ["-m", "app.cli.main", "roles", "ai", "--apply", "--address-from", "DBA"],
        pair.environment | {"DBA": _dba(pair, BACKEND)},
    )
    assert answer.returncode == 1
    assert "is not the same database" in answer.stderr


def test_every_table_of_the_dictionary_has_its_line() -> None:
    for database in Database:
        assert roles.undeclared(database) == []
        known = {t.name for t in dictionary.tables_of(database)}
        assert set(roles.declared(database, "nestjs")) == set(
            roles.declared(database, "standalone")
        )
        assert set(roles.declared(database, "standalone")) <= known
