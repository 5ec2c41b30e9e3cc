"""A cache that is bounded in bytes and forgets what was used longest ago."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Keeps values until their sizes exceed *capacity* bytes. Safe to share between threads.

    Args:
        capacity: The sum of sizes that is kept, in bytes; 0 keeps nothing.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """Return the value of *key*, ``None`` when it is not kept."""
        with self._lock:
            item = self._items.get(key)
            if item is None:
                return None
            self._items.move_to_end(key)
            return item[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep *value*, of *size* bytes; one that is larger than a quarter of the cache is not kept."""
        with self._lock:
            if (old := self._items.pop(key, None)) is not None:
                self.size -= old[1]
            if size * 4 > self.capacity:
                return
            self.size += size
            self._items[key] = (value, size)
            while self.size > self.capacity:
                _, (_, freed) = self._items.popitem(last=False)
                self.size -= freed

    def __len__(self) -> int:
        return len(self._items)
