"""Compose files with planted faults, and compose files that are right.

A planted line ends with the comment `FAULT`, the code of its rule behind it.
"""

from __future__ import annotations

from typing import Final

AI_URL: Final = "postgresql://reciprocity_user:reciprocity_pass@db:5432/reciprocity_ai"
BACKEND_URL: Final = "postgresql://postgres:postgres@host.docker.internal:5432/reciprocity_db"

FAULTS: Final = {
    "the match sync incident": f"""
services:
  ai-service:
    image: ai
    environment:  # FAULT RDB003
      DATABASE_URL: {AI_URL}
      # MISSING: RECIPROCITY_BACKEND_DB_URL  <-- WILL BREAK USER OPERATIONS
""",
    "the worker forgotten": f"""
services:
  ai-service:
    environment:
      DATABASE_URL: {AI_URL}
      RECIPROCITY_BACKEND_DB_URL: {BACKEND_URL}
  celery-worker:
    environment:  # FAULT RDB003
      DATABASE_URL: {AI_URL}
""",
    "a list": f"""
services:
  ai-service:
    environment:  # FAULT RDB003
      - RECIPROCITY_BACKEND_DB_URL={BACKEND_URL}
""",
    "an anchor": f"""
x-both: &some
  DATABASE_URL: {AI_URL}
services:
  celery-worker:
    environment:  # FAULT RDB003
      <<: *some
      LOG_LEVEL: info
""",
    "a service that extends another": f"""
services:
  base:
    environment:  # FAULT RDB003
      DATABASE_URL: {AI_URL}
  celery-worker:  # FAULT RDB003
    extends:
      service: base
""",
    "one address twice": f"""
services:
  ai-service:
    environment:  # FAULT RDB005
      DATABASE_URL: {BACKEND_URL}
      RECIPROCITY_BACKEND_DB_URL: {BACKEND_URL}
""",
    "no YAML": "services: [  # FAULT RDB006\n",
}

RIGHT: Final = {
    "both": f"""
services:
  db:
    image: pgvector/pgvector:pg18
    environment:
      POSTGRES_DB: reciprocity_ai
  ai-service:
    environment:
      DATABASE_URL: {AI_URL}
      RECIPROCITY_BACKEND_DB_URL: {BACKEND_URL}
  celery-worker:
    environment:
      - DATABASE_URL
      - RECIPROCITY_BACKEND_DB_URL=${{RECIPROCITY_BACKEND_DB_URL:?say which}}
""",
    "a file that is not at hand may hold the other": f"""
services:
  ai-service:
    env_file: .env.of.the.server
    environment:
      DATABASE_URL: {AI_URL}
""",
    "extended, with the other one added": f"""
services:
  base:
    environment: &some
      DATABASE_URL: {AI_URL}
      RECIPROCITY_BACKEND_DB_URL: {BACKEND_URL}
  celery-worker:
    extends: base
    environment:
      DATABASE_URL: {AI_URL}
""",
    "nothing": "",
}
