"""What tests of doors share: the REST of providers, on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.phone_callers.provider_api import ProviderApi, provider_api


@pytest.fixture
def api() -> Iterator[ProviderApi]:
    """Served for a test."""
    with provider_api() as served:
        yield served
