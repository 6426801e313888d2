"""The dashboard and the alert rules ask for metrics that exist."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.domain.backoff import MOST_ATTEMPTS
from app.observability.metrics import Metrics
from app.repositories.ai.vector_sets import VectorSet
from app.repositories.backend.outbox import Backlog
from app.repositories.backend.sight import LastRuns
from app.services.sight import Observation, Observer
from tests.conftest import ROOT

_NAMES = re.compile(r"\breciprocity_\w+")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class _Seen(Observer):
    def __init__(self) -> None:
        pass

    def look(self) -> Observation:
        return Observation(
            NOW,
            0.1,
            stages={"approved": 3},
            work={("embed", "pending"): 1},
            backlog=Backlog(1, 0, 0, 2.5),
            webhooks={("backend", "failed"): 1},
            runs=LastRuns("ready", "", NOW),
            vectors=VectorSet("m", "m", 8),
            with_vectors=2,
            without_vectors=1,
            untended=0,
            orphans=0,
            orphans_untended=0,
        )


def _exposed() -> set[str]:
    metrics = Metrics(_Seen())
    metrics.answered("GET", "/x", 200, 0.1)
    families = text_string_to_metric_families(metrics.text().decode())
    return {sample.name for family in families for sample in family.samples}


def test_every_series_read_from_the_data_names_its_database() -> None:
    families = text_string_to_metric_families(Metrics(_Seen()).text().decode())
    without = {
        sample.name
        for family in families
        for sample in family.samples
        if sample.labels.get("database") not in {"ai", "backend"}
    }
    assert without <= {"reciprocity_observation_seconds"}


def test_the_dashboard_asks_for_metrics_that_exist_and_every_panel_has_a_question() -> None:
    dashboard: dict[str, Any] = json.loads(
        (ROOT / "ops/grafana/reciprocity.json").read_text(encoding="utf-8")
    )
    questions = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    assert len(questions) >= len(dashboard["panels"]) > 8
    assert set(_NAMES.findall(" ".join(questions))) <= _exposed()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_every_alert_asks_for_metrics_that_exist_and_says_what_to_do() -> None:
    rules = yaml.safe_load((ROOT / "ops/prometheus/alerts.yml").read_text(encoding="utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) > 7
    for alert in alerts:
        assert set(_NAMES.findall(alert["expr"])) <= _exposed(), alert["alert"]
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert len(alert["annotations"]["description"]) > 40


def test_what_is_given_up_is_alerted_before_somebody_asks() -> None:
    assert MOST_ATTEMPTS > 1
    text = (ROOT / "ops/prometheus/alerts.yml").read_text(encoding="utf-8")
    assert "reciprocity_dead_letters > 0" in text
