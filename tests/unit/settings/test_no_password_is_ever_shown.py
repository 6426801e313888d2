"""Whatever an address looks like, nothing that is said about it holds its password."""

from __future__ import annotations

import traceback
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import addresses
from app.errors import SettingsError
from app.settings import ApiSettings, Sources, load

# No letter of it can come up in a sentence of ours.
ALPHABET = "ЖЩЮЯ@:/?#%&=+$ \\'\"{}[],;"
secrets = st.text(st.sampled_from(ALPHABET), min_size=1, max_size=6).map(lambda s: f"Ж{s}Ю")
GOOD = "postgresql://postgres:postgres@localhost:5432/reciprocity_db"


def _nowhere(secret: str, text: str) -> None:
    # Also not in pieces: what stands on either side of a character that has a meaning in addresses.
    assert not any(letter in text for letter in "ЖЩЮЯ")
    assert quote(secret, safe="") not in text


shapes = st.sampled_from(
    [
        "postgresql://u:{}@localhost:5433/reciprocity_ai",
        "postgresql://u:{}@localhost:5433",
        "postgresql://u:{}@localhost:54x33/reciprocity_ai",
        "postgresql://u:{}localhost:5433/reciprocity_ai",
        "postgresql://{}@localhost:5433/reciprocity_ai",
        "postgresql://u:x@localhost:{}/reciprocity_ai",
        "postgresql://u@localhost/reciprocity_ai?password={}",
        "postgresql://u@localhost/reciprocity_ai?pasword={}",
        "postgresql://u:{}@@localhost/reciprocity_ai",
        "postgres:u:{}@localhost/reciprocity_ai",
        "host=localhost password={} dbname=d",
        "{}",
    ]
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(secret=secrets, shape=shapes, encoded=st.booleans())
def test_no_refused_address_is_repeated(secret: str, shape: str, *, encoded: bool) -> None:
    address = shape.format(quote(secret, safe="") if encoded else secret)
    values = {"DATABASE_URL": address, "RECIPROCITY_BACKEND_DB_URL": GOOD}
    for one in (values, {**values, "RECIPROCITY_BACKEND_DB_URL": address}):
        try:
            made = load(ApiSettings, Sources(one, dict.fromkeys(one, ".env")))
        except SettingsError as refused:
            _nowhere(secret, str(refused))
            _nowhere(secret, "".join(traceback.format_exception(refused)))
        else:
            _nowhere(secret, repr(made))
            _nowhere(secret, str(made))
            if "{}@localhost:5433/" in shape and "u:" not in shape:
                continue  # there it is the user's name, which is shown
            _nowhere(secret, addresses.shown(address))


@settings(max_examples=200, deadline=None)
@given(secret=secrets)
def test_a_password_that_is_percent_encoded_is_read_back_whole(secret: str) -> None:
    address = f"postgresql://u:{quote(secret, safe='')}@h:5433/d"
    assert addresses.checked(address) == address
    assert addresses.parts(address)["password"] == secret
    assert addresses.shown(address) == "u@h:5433/d"


@settings(max_examples=200, deadline=None)
@given(secret=secrets, words=st.text("abc "))
def test_somebody_elses_words_lose_the_password(secret: str, words: str) -> None:
    address = f"postgresql://u:{quote(secret, safe='')}@h:5433/d"
    assert secret not in addresses.without_password(f"{words}{secret}{words}", address)


@pytest.mark.parametrize("odd", ["", "x", "postgresql://", "postgresql://u:p@h@h/d", "\0"])
def test_an_address_that_cannot_be_read_is_not_shown(odd: str) -> None:
    assert addresses.shown(odd) == "(an address that cannot be read)"
