# The platform with its base install only: no embedded servers, no tools for measuring or testing.
#   docker build -t reciprocity .
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
# Every package by its hash, before the code, so that a change of code leaves this layer alone.
COPY requirements/base.txt /srv/reciprocity/requirements/base.txt
RUN pip install --require-hashes --no-deps -r /srv/reciprocity/requirements/base.txt
WORKDIR /srv/reciprocity
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
# Editable: the code stays where migrations and the embedding model lie beside it.
RUN pip install --no-deps --editable . \
    && pip uninstall --yes --quiet setuptools \
    && pip uninstall --yes --quiet pip \
    && python -m compileall -q app migrations

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin reciprocity
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/srv/reciprocity \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/reciprocity
COPY third_party/all-minilm-l6-v2 third_party/all-minilm-l6-v2
COPY third_party/htmx third_party/htmx
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/reciprocity /srv/reciprocity
USER reciprocity
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["reciprocity", "serve"]
