-- Run once, as superuser, when the AI database of docker-compose.yml is made.
CREATE EXTENSION IF NOT EXISTS vector;
