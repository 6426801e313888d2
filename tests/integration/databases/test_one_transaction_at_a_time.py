"""No transaction of one database is open while the other one, a model or the network is asked."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from app.adapters.embedding import Embedder
from app.adapters.embedding_memory import RememberingEmbedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.api.flow import OneFlowForEachRequest
from app.databases import transactions
from app.databases.errors import CrossDatabaseTransactionError

AI = "SELECT count(*) FROM embeddings"
BACKEND = "SELECT count(*) FROM users"


def test_the_backend_is_not_asked_while_an_ai_transaction_is_open(
    adapter: PostgreSQLAdapter,
) -> None:
    backend = adapter.get_backend_connection()
    with adapter.ai() as ai:
        ai.execute(AI)
        with pytest.raises(CrossDatabaseTransactionError, match="ai database is open"):
            backend.execute(BACKEND)
    backend.execute(BACKEND)
    backend.close()


def test_a_transaction_in_which_nothing_was_said_yet_is_open_too(
    adapter: PostgreSQLAdapter,
) -> None:
    backend = adapter.get_backend_connection()
    with adapter.ai(), pytest.raises(CrossDatabaseTransactionError), backend.transaction():
        pass
    backend.close()


def test_a_connection_to_the_other_database_is_not_even_given_and_at_once(
    adapter: PostgreSQLAdapter,
) -> None:
    adapter.verify()
    with adapter.backend() as backend:
        backend.execute(BACKEND)
        begun = time.perf_counter()
        with pytest.raises(CrossDatabaseTransactionError, match="backend database is open"):
            adapter.get_connection()
        assert time.perf_counter() - begun < 1


def test_one_after_the_other_is_the_way(adapter: PostgreSQLAdapter) -> None:
    for _ in range(3):
        with adapter.ai() as ai:
            ai.execute(AI)
        with adapter.backend() as backend:
            backend.execute(BACKEND)


def test_two_transactions_of_the_same_database_may_be_open(adapter: PostgreSQLAdapter) -> None:
    with adapter.ai() as one, adapter.ai() as two:
        one.execute(AI)
        two.execute(AI)


def test_a_pipeline_counts_as_open_before_its_answers_came(adapter: PostgreSQLAdapter) -> None:
    ai, backend = adapter.get_connection(), adapter.get_backend_connection()
    with ai.pipeline():
        ai.execute(AI)
        with pytest.raises(CrossDatabaseTransactionError):
            backend.execute(BACKEND)
    ai.close()
    backend.close()


def test_a_failed_transaction_is_open_until_it_is_rolled_back(adapter: PostgreSQLAdapter) -> None:
    ai, backend = adapter.get_connection(), adapter.get_backend_connection()
    with pytest.raises(Exception, match="division by zero"):
        ai.execute("SELECT 1 / 0 FROM pg_class")
    with pytest.raises(CrossDatabaseTransactionError):
        backend.execute(BACKEND)
    ai.rollback()
    backend.execute(BACKEND)
    ai.close()
    backend.close()


def test_a_model_or_the_network_is_not_asked_inside_a_transaction(
    adapter: PostgreSQLAdapter,
) -> None:
    transactions.nothing_open("asking the model")
    with adapter.backend() as backend:
        backend.execute(BACKEND)
        with pytest.raises(CrossDatabaseTransactionError, match="before asking the model"):
            transactions.nothing_open("asking the model")
    transactions.nothing_open("asking the model")


def test_the_embedding_model_is_not_asked_inside_a_transaction(
    adapter: PostgreSQLAdapter, embedder: Embedder
) -> None:
    remembering = RememberingEmbedder(embedder)
    assert remembering.embed(["a gardener"]).shape == (1, embedder.dimensions)
    with adapter.ai() as ai:
        ai.execute(AI)
        with pytest.raises(CrossDatabaseTransactionError, match="asking the embedding model"):
            remembering.embed(["a gardener"])


def test_threads_do_not_see_each_other_s_transactions(adapter: PostgreSQLAdapter) -> None:
    both = threading.Barrier(2, timeout=20)

    def on_ai() -> None:
        with adapter.ai() as ai:
            ai.execute(AI)
            both.wait()
            both.wait()

    def on_backend() -> None:
        both.wait()
        with adapter.backend() as backend:
            backend.execute(BACKEND)
        both.wait()

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(on_ai), pool.submit(on_backend)]:
            job.result(30)


def test_what_another_thread_does_with_a_pooled_connection_is_its_own_business(
    adapter: PostgreSQLAdapter,
) -> None:
    with adapter.ai() as ai:  # this thread has used the one pooled connection
        ai.execute(AI)
        used = id(ai)
    held, done = threading.Event(), threading.Event()

    def hold() -> bool:
        with adapter.ai() as ai:
            ai.execute(AI)
            held.set()
            done.wait(20)
            return id(ai) == used

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(hold)
        held.wait(20)
        try:
            with adapter.backend() as backend:
                backend.execute(BACKEND)
        finally:
            done.set()
        assert job.result(20), "the pool gave the other thread another connection: nothing tested"


def test_two_threads_of_one_flow_cannot_both_open_theirs(adapter: PostgreSQLAdapter) -> None:
    transactions.begin_flow()
    ai, backend = adapter.get_connection(), adapter.get_backend_connection()
    for _ in range(30):
        start = threading.Barrier(2, timeout=20)

        def use(connection: object, text: str, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                connection.execute(text)  # type: ignore[attr-defined] # one of the two kinds
            except CrossDatabaseTransactionError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            contexts = [contextvars.copy_context() for _ in range(2)]
            first = pool.submit(contexts[0].run, use, ai, AI)
            second = pool.submit(contexts[1].run, use, backend, BACKEND)
            assert first.result(20) != second.result(20)
        ai.rollback()
        backend.rollback()
    ai.close()
    backend.close()


def test_the_identity_proof_alone_may_hold_both(adapter: PostgreSQLAdapter) -> None:
    adapter.verify()
    adapter.verify()


def _application(adapter: PostgreSQLAdapter) -> FastAPI:
    app = FastAPI()
    app.add_middleware(OneFlowForEachRequest)

    def an_open_ai_transaction() -> Iterator[object]:
        with adapter.ai() as ai:
            ai.execute(AI)
            yield ai

    @app.get("/both", dependencies=[Depends(an_open_ai_transaction)])
    def both() -> str:
        try:
            with adapter.backend() as backend:
                backend.execute(BACKEND)
        except CrossDatabaseTransactionError:
            return "refused"
        return "let through"

    @app.get("/either/{name}")
    def either(name: str) -> str:
        if name == "ai":
            with adapter.ai() as ai:
                ai.execute(AI)
                time.sleep(0.01)
        else:
            with adapter.backend() as backend:
                backend.execute(BACKEND)
                time.sleep(0.01)
        return name

    return app


def test_a_dependency_s_transaction_is_seen_by_the_handler_in_another_thread(
    adapter: PostgreSQLAdapter,
) -> None:
    with TestClient(_application(adapter)) as client:
        assert client.get("/both").json() == "refused"
        assert client.get("/either/backend").json() == "backend"


def test_requests_at_the_same_time_do_not_disturb_each_other(adapter: PostgreSQLAdapter) -> None:
    with TestClient(_application(adapter)) as client, ThreadPoolExecutor(8) as pool:
        wanted = ["ai", "backend"] * 20
        answers = list(pool.map(lambda name: client.get(f"/either/{name}").json(), wanted))
    assert answers == wanted


def test_a_task_in_a_thread_of_asyncio_belongs_to_who_started_it(
    adapter: PostgreSQLAdapter,
) -> None:
    def on_backend() -> None:
        with adapter.backend() as backend:
            backend.execute(BACKEND)

    async def main() -> None:
        with adapter.ai() as ai:
            ai.execute(AI)
            with pytest.raises(CrossDatabaseTransactionError):
                await asyncio.to_thread(on_backend)
        await asyncio.to_thread(on_backend)

    asyncio.run(main())
