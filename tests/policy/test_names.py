"""What ``ivg.policy`` offers by name."""

import inspect

import pytest

import ivg.policy


@pytest.mark.parametrize("name", ivg.policy.__all__)
def test_every_name_is_there_and_described(name: str) -> None:
    found = getattr(ivg.policy, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)


def test_they_are_listed() -> None:
    assert dir(ivg.policy) == sorted(ivg.policy.__all__)


def test_others_are_not() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ivg.policy.nonsense
