"""Webhooks are signed as the convention says, and an answer means what HTTP says it means."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from app.domain.webhooks import meaning, retry_in, secret_of, signature
from app.errors import InvalidInputError


def test_the_signature_is_that_of_the_convention() -> None:
    # The example that Standard Webhooks publishes with its libraries.
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_a_secret_of_another_form_is_refused(secret: str) -> None:
    with pytest.raises(InvalidInputError, match="whsec_"):
        signature(secret, "msg", 1, b"{}")


def test_a_new_secret_can_be_signed_with() -> None:
    secret = secret_of(bytes(range(32)))
    assert base64.b64decode(secret.removeprefix("whsec_")) == bytes(range(32))
    assert signature(secret, "a", 1, b"x") != signature(secret, "a", 2, b"x")


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (200, "sent"), (201, "sent"), (204, "sent"), (None, "again"), (500, "again"), (503, "again"),
        (401, "again"), (404, "again"), (301, "again"), (408, "again"), (429, "wait"),
        (400, "refused"), (413, "refused"), (422, "refused"),
    ],
)  # fmt: skip
def test_an_answer_means_what_http_says(status: int | None, means: str) -> None:
    assert meaning(status) == means


def test_waits_double_with_chance_in_them_and_stay_under_half_an_hour() -> None:
    for attempts, most in ((1, 2), (2, 4), (5, 32), (30, 1800)):
        waits = {retry_in(attempts) for _ in range(50)}
        assert len(waits) > 1
        assert all(timedelta(seconds=most / 2) <= wait <= timedelta(seconds=most) for wait in waits)
