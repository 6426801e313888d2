from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.cli.measure import COMMANDS
from app.evaluation import metrics, quality, sources
from app.evaluation.regression import fit_logistic, held_out
from app.evaluation.tables import Table, markdown, text


def test_ndcg_is_one_for_the_right_order_and_less_for_any_other() -> None:
    gains = np.array([[3.0, 2.0, 0.0], [1.0, 0.0, 2.0]])
    assert metrics.ndcg(gains, gains, 3) == pytest.approx([1.0, 1.0])
    assert (metrics.ndcg(-gains, gains, 3) < 1.0).all()


def test_ndcg_of_a_place_is_discounted_by_the_logarithm() -> None:
    found = metrics.ndcg(np.array([[3.0, 2.0, 1.0]]), np.array([[0.0, 0.0, 1.0]]), 3)
    assert found == pytest.approx([0.5])


def test_a_group_of_one_does_not_flatter_the_mean() -> None:
    score, relevant = np.array([0.1, 0.9, 0.5]), np.array([True, False, True])
    found = metrics.grouped_ndcg(score, relevant, np.array([0, 0, 1]), 5)
    assert found == pytest.approx([1.0 / np.log2(3)])


def test_an_interval_holds_its_mean_and_shrinks_with_more_units() -> None:
    rng = np.random.default_rng(0)
    few, many = (metrics.bootstrap(rng.normal(1, 1, count)) for count in (30, 3000))
    assert few.low < few.mean < few.high
    assert many.high - many.low < few.high - few.low


def test_the_same_values_are_no_better_than_themselves() -> None:
    values = np.random.default_rng(1).random(50)
    found = metrics.ratio(values, values)
    assert (found.mean, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0))


def test_lists_that_all_show_one_person_have_the_greatest_exposure_gini() -> None:
    scores = np.zeros((6, 6))
    scores[:, 2] = 1.0
    found = metrics.exposure_of_matrix(scores, 1, mutual=False)
    assert found.never_shown == pytest.approx(5 / 6)
    assert found.gini == pytest.approx(5 / 6)


def test_a_model_is_judged_only_on_rows_it_did_not_see() -> None:
    rng = np.random.default_rng(2)
    noise, yes = rng.normal(size=(200, 40)), rng.random(200) < 0.5
    fold = np.arange(200) % 5
    unseen = held_out(noise, yes, fold, 1.0)
    seen = fit_logistic(noise, yes, 1.0).logit(noise)
    assert abs(np.corrcoef(unseen, yes)[0, 1]) < abs(np.corrcoef(seen, yes)[0, 1]) / 2


def test_a_measurement_without_its_data_says_so_and_invents_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECIPROCITY_DATA", str(tmp_path))
    (table,) = quality.measure(("speed-dating",))
    assert table.rows == ()
    assert "RECIPROCITY_DATA" in table.skipped
    assert "not measured" in text(table)


def test_a_fold_depends_on_the_name_alone() -> None:
    assert [sources.fold(name, 2) for name in ("a", "b", "a")][::2] == [sources.fold("a", 2)] * 2


def test_a_table_is_written_with_its_note_as_text_and_as_markdown() -> None:
    table = Table("A title", ("name", "value"), (("one", 0.5), ("two", 2)), "A note.")
    assert "0.5" in text(table)
    page = markdown([table], "Report", "reciprocity evaluate", [])
    assert "| one | 0.5 |" in page
    assert "A note." in page
    assert "reciprocity evaluate" in page


def test_the_command_writes_a_report(tmp_path: Path) -> None:
    evaluate = COMMANDS[0]
    done = CliRunner().invoke(
        evaluate, ["anchors", "--no-pictures", "--out", str(tmp_path)], catch_exceptions=False
    )
    assert done.exit_code == 0
    assert "13.214715" in (tmp_path / "quality.md").read_text(encoding="utf-8")
