from collections.abc import Iterator

import pytest

from .world import World, registered


@pytest.fixture
def world() -> Iterator[World]:
    with registered(World()) as made:
        made.join(1, 17, 18)
        made.join(2, 17)
        yield made
