"""The gate of this running service, with the keys it was started with."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from accord.gate import Gate, Keys


@cache
def gate() -> Gate:
    return Gate(Keys(context=settings.KEYRING.secrets["context"], keyring=settings.KEYRING))
