"""A token bucket: so many at once, so many a second after that. Pure; times are seconds of any steady clock."""


class Bucket:
    """Holds up to `burst` tokens and gains `per_second`."""

    __slots__ = ("burst", "per_second", "seen", "tokens")

    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self.burst = burst
        self.per_second = per_second
        self.tokens = burst
        self.seen = now

    def take(self, now: float) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there is."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.seen) * self.per_second)
        self.seen = now
        if self.tokens >= 1.0:
            self.tokens -= 1.0
            return 0.0
        return (1.0 - self.tokens) / self.per_second

    def spend(self, count: float, now: float) -> None:
        """Take tokens that were used elsewhere, as far as there are any."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.seen) * self.per_second)
        self.tokens = min(self.tokens, max(0.0, self.tokens - count))  # who must wait goes on waiting
        self.seen = now

    def close(self, seconds: float, now: float) -> None:
        """No token for so many seconds."""
        self.tokens = min(self.tokens, 1.0 - seconds * self.per_second)
        self.seen = now

    def full(self, now: float) -> bool:
        """True when it can be forgotten: it would be full again."""
        return self.tokens + (now - self.seen) * self.per_second >= self.burst


class Buckets:
    """One bucket a key, forgotten when full again: memory for those who post now, not for all who ever did."""

    def __init__(self, burst: float, per_second: float, sweep_at: int = 5000) -> None:
        self.burst = burst
        self.per_second = per_second
        self.sweep_at = sweep_at
        self._held: dict[int, Bucket] = {}

    def take(self, key: int, now: float) -> float:
        """As Bucket.take, for `key`."""
        return self._bucket(key, now).take(now)

    def spend(self, key: int, count: float, now: float) -> None:
        """As Bucket.spend, for `key`."""
        self._bucket(key, now).spend(count, now)

    def close(self, key: int, seconds: float, now: float) -> None:
        """As Bucket.close, for `key`."""
        self._bucket(key, now).close(seconds, now)

    def clear(self) -> None:
        """Every bucket is full again."""
        self._held.clear()

    def _bucket(self, key: int, now: float) -> Bucket:
        bucket = self._held.get(key)
        if bucket is None:
            if len(self._held) >= self.sweep_at:
                self._held = {k: b for k, b in self._held.items() if not b.full(now)}
            bucket = self._held[key] = Bucket(self.burst, self.per_second, now)
        return bucket
