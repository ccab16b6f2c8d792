"""What people read has no secrets in it."""

from __future__ import annotations

from edgewright.secrets.masking import mask_of


def test_values_are_replaced_wherever_they_stand() -> None:
    mask = mask_of({"A": "secret-1", "B": "a.b*c?d"})
    assert mask("x secret-1, a.b*c?d; secret-1") == "x ***, ***; ***"
    assert mask("axbbcd secret-2") == "axbbcd secret-2"


def test_the_longer_of_two_goes_first() -> None:
    assert mask_of({"A": "secret", "B": "secret-and-more"})("secret-and-more") == "***"


def test_each_line_of_a_value_is_one() -> None:
    mask = mask_of({"KEY": "-----BEGIN\nMIIEvQ\n-----END"})
    assert mask("of -----BEGIN\nMIIEvQ\n-----END") == "of ***"
    assert mask("line MIIEvQ") == "line ***"


def test_short_values_are_left_alone() -> None:
    assert mask_of({"A": "true", "B": ""})("true") == "true"
