"""A world's own time, chance and ids: nothing in the mock calls `time.time()`, `random` or `uuid4()` itself."""

from __future__ import annotations

import threading
import time
from hashlib import blake2b

__all__ = ["Clock", "IdSource", "derive_seed"]


class Clock:
    """Wall-clock time in milliseconds since the epoch, which can be frozen, advanced and set for one world."""

    __slots__ = ("_frozen_ms", "_offset_ms")

    def __init__(self) -> None:
        """Start at real time."""
        self._offset_ms = 0
        self._frozen_ms: int | None = None

    def now_ms(self) -> int:
        """Milliseconds since the epoch in this world."""
        frozen = self._frozen_ms  # read once: another thread may thaw meanwhile
        return _real_ms() + self._offset_ms if frozen is None else frozen

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_ms is not None

    def state(self) -> tuple[int, int | None]:
        """Milliseconds ahead of real time, and where it is frozen; what `put_back` takes."""
        return self._offset_ms, self._frozen_ms

    def put_back(self, offset_ms: int, frozen_ms: int | None) -> None:
        """Go as a clock went whose state this was."""
        self._offset_ms, self._frozen_ms = offset_ms, frozen_ms

    def freeze(self, at_ms: int | None = None) -> None:
        """Stop at `at_ms`, or at the present moment of this world."""
        self._frozen_ms = self.now_ms() if at_ms is None else at_ms

    def thaw(self) -> None:
        """Go on from the present moment of this world."""
        if self._frozen_ms is not None:
            self._offset_ms = self._frozen_ms - _real_ms()
            self._frozen_ms = None

    def set(self, now_ms: int) -> None:
        """Let it be `now_ms`; a frozen clock stays frozen, another one goes on from there."""
        if self._frozen_ms is not None:
            self._frozen_ms = now_ms
        else:
            self._offset_ms = now_ms - _real_ms()

    def advance(self, milliseconds: int) -> None:
        """Move forward by `milliseconds`, frozen or not."""
        if self._frozen_ms is not None:
            self._frozen_ms += milliseconds
        else:
            self._offset_ms += milliseconds


def _real_ms() -> int:
    return time.time_ns() // 1_000_000


class IdSource:
    """Ids and chance of one world, reproducible from its seed, safe from many threads.

    The n-th draw is a hash of the seed and n, so that two numbers are its whole state.
    """

    __slots__ = ("_lock", "drawn", "seed")

    def __init__(self, seed: int, drawn: int = 0) -> None:
        """Start the sequence of ids that belongs to `seed`, behind its first `drawn` draws."""
        self.seed = seed
        self.drawn = drawn
        self._lock = threading.Lock()

    def restart(self, seed: int, drawn: int = 0) -> None:
        """Begin another sequence, behind its first `drawn` draws."""
        with self._lock:
            self.seed, self.drawn = seed, drawn

    def _bits(self) -> int:
        """The next 128 bits."""
        with self._lock:
            self.drawn += 1
            text = f"{self.seed}\x1f{self.drawn}"
        return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")

    def hex32(self) -> str:
        """32 hexadecimal digits, the form of MLflow's run ids and (after `m-`) logged-model ids."""
        return f"{self._bits():032x}"

    def digits(self, length: int) -> str:
        """A decimal id of `length` digits without a leading zero, the form of a SQL store's experiment ids in 3.x."""
        return str(10 ** (length - 1) + self.integer(9 * 10 ** (length - 1)))

    def choice(self, items: tuple[str, ...]) -> str:
        """One of `items`."""
        return items[self.integer(len(items))]

    def integer(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return self._bits() % limit


def derive_seed(*parts: object) -> int:
    """A 64-bit seed that depends on every part and on their order."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
