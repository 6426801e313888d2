"""Teach connections of the AI database the types that pgvector adds to PostgreSQL."""

from __future__ import annotations

from pgvector.psycopg.halfvec import register_halfvec_info
from pgvector.psycopg.vector import register_vector_info
from psycopg.types import TypeInfo

from app.databases.connections import AIConnection
from app.databases.errors import IdentityError


def vector_types(ai: AIConnection) -> tuple[TypeInfo, TypeInfo]:
    """Look up pgvector's two types, which are the same on every connection to one database."""
    vector, halfvec = TypeInfo.fetch(ai, "vector"), TypeInfo.fetch(ai, "halfvec")
    if vector is None or halfvec is None:
        raise IdentityError(
            "The AI database lacks pgvector. A superuser runs there: CREATE EXTENSION vector;"
        )
    return vector, halfvec


def register_vectors(ai: AIConnection, vector: TypeInfo, halfvec: TypeInfo) -> None:
    """Teach a connection pgvector's types; every AI connection passes through here."""
    register_vector_info(ai, vector)
    register_halfvec_info(ai, halfvec)
