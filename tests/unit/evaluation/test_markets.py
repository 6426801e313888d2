from __future__ import annotations

import pytest

from app.evaluation import markets


def test_the_published_figures_of_a_market_with_a_seed_come_out_to_six_digits() -> None:
    market = markets.crowded(30, 20, 0.5, 0)
    product = market.product()
    equilibrium = markets.transferable_utility(market)
    both = markets.looked_at_by_both
    assert both(market, market.left, market.right) == pytest.approx(6.097606, abs=1e-6)
    assert both(market, product, product.T) == pytest.approx(13.214715, abs=1e-6)
    assert both(market, equilibrium, equilibrium.T) == pytest.approx(15.447528, abs=1e-6)


@pytest.mark.parametrize(("size", "published"), [(20, 20.2392), (50, 58.8592)])
def test_best_responses_reach_their_published_figures(size: int, published: float) -> None:
    market = markets.crowded(int(1.5 * size), size, 0.8, 0)
    assert markets.mode(market) == pytest.approx(published, abs=1e-3)


def test_best_responses_beat_the_product_and_the_equilibrium_on_a_crowded_market() -> None:
    market = markets.crowded(60, 30, 0.5, 1)
    product = markets.read_by_inbox(market, market.product(), exact=False)[0]
    utility = markets.read_by_inbox(market, markets.transferable_utility(market), exact=False)[0]
    assert markets.damped(market) > utility > product
