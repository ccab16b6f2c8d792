"""Which values stay in memory."""

from __future__ import annotations

from edgewright.cache.s3fifo import S3Fifo


def test_what_was_asked_for_again_survives_a_scan() -> None:
    fifo: S3Fifo[int] = S3Fifo(100)
    for key in range(5):
        fifo.put(f"hot{key}", key, 1)
    for key in range(5):
        assert fifo.get(f"hot{key}") == key
    for key in range(1000):
        fifo.put(f"once{key}", key, 1)
    assert [fifo.get(f"hot{key}") for key in range(5)] == [0, 1, 2, 3, 4]
    assert len(fifo) == fifo.bytes == 100


def test_what_comes_back_soon_after_it_had_to_go_is_kept() -> None:
    fifo: S3Fifo[int] = S3Fifo(100)
    for key in range(120):
        fifo.put(f"once{key}", key, 1)
    assert fifo.get("once5") is None
    fifo.put("once5", 5, 1)
    for key in range(200, 400):
        fifo.put(f"once{key}", key, 1)
    assert fifo.get("once5") == 5


def test_the_bytes_are_bounded_whatever_the_sizes() -> None:
    fifo: S3Fifo[int] = S3Fifo(1000)
    for key in range(500):
        fifo.put(str(key), key, key % 300)
        assert fifo.bytes <= 1000
    assert not fifo.put("large", 0, 1001)
    assert fifo.get("large") is None


def test_a_value_that_is_replaced_or_removed_takes_no_room() -> None:
    fifo: S3Fifo[str] = S3Fifo(100)
    fifo.put("a", "first", 60)
    fifo.put("a", "second", 70)
    assert (fifo.get("a"), fifo.bytes) == ("second", 70)
    assert fifo.remove("a") == "second"
    assert (len(fifo), fifo.bytes, fifo.remove("a")) == (0, 0, None)


def test_who_asked_is_told_what_had_to_go() -> None:
    gone: list[str] = []
    fifo: S3Fifo[int] = S3Fifo(10, lambda key, value: gone.append(key))
    for key in range(12):
        fifo.put(str(key), key, 1)
    assert gone == ["0", "1"]
