"""Digest and check passwords with Argon2id, and make what lets somebody in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.databases import transactions

# OWASP's smallest advice for Argon2id: 19 MiB, two passes, one lane; some 20 ms on one core.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@dataclass(frozen=True, slots=True)
class Token:
    """Hold what a person carries, and the digest of it that the database knows."""

    secret: str
    digest: bytes


def new_token() -> Token:
    """Make 256 random bits that let somebody in."""
    secret = secrets.token_urlsafe(32)
    return Token(secret, digest(secret))


def digest(secret: str) -> bytes:
    """Digest what a person carries (SHA-256, 32 bytes); it is random, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hashed(password: str) -> str:
    """Digest a password (Argon2id, PHC string); slow on purpose, so never inside a transaction."""
    transactions.nothing_open("digesting a password")
    return _HASHER.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Say whether a password is the right one; without a digest it takes as long to say no."""
    transactions.nothing_open("checking a password")
    try:
        _HASHER.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    """Say whether a digest was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
