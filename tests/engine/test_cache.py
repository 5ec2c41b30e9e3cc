"""A cache that is bounded in bytes."""

import threading

from engine.cache import Cache


def test_what_was_used_longest_ago_is_forgotten() -> None:
    cache: Cache[str, int] = Cache(10)
    for number, key in enumerate("abcde"):
        cache.put(key, number, 2)
    assert cache.get("a") == 0
    cache.put("f", 5, 2)
    assert cache.get("b") is None
    assert cache.get("a") == 0
    assert (cache.size, len(cache)) == (10, 5)


def test_a_value_is_replaced_with_its_size() -> None:
    cache: Cache[str, int] = Cache(100)
    cache.put("a", 1, 20)
    cache.put("a", 2, 5)
    assert (cache.get("a"), cache.size, len(cache)) == (2, 5, 1)


def test_one_value_never_fills_it() -> None:
    cache: Cache[str, int] = Cache(100)
    cache.put("a", 1, 20)
    cache.put("large", 2, 26)
    assert cache.get("large") is None
    assert cache.get("a") == 1


def test_none_of_a_cache_without_capacity() -> None:
    cache: Cache[str, int] = Cache(0)
    cache.put("a", 1, 1)
    assert cache.get("a") is None
    assert cache.size == 0


def test_a_value_that_grew_too_large_does_not_stay_as_it_was() -> None:
    cache: Cache[str, int] = Cache(100)
    cache.put("a", 1, 20)
    cache.put("a", 2, 50)
    assert cache.get("a") is None
    assert cache.size == 0


def test_threads_may_share_it() -> None:
    cache: Cache[int, int] = Cache(1_000)

    def work(start: int) -> None:
        for number in range(3_000):
            cache.put((start + number) % 97, number, number % 50 + 1)
            cache.get(number % 97)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < cache.size <= 1_000
    assert cache.size == sum(size for _, size in cache._items.values())
