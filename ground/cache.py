"""Redis as the shared cache for counters, with the process's own memory when Redis does not answer."""

import logging
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger("porchlight.cache")


class FallbackCache(BaseCache):
    """Every operation goes to Redis; when Redis cannot be reached, to a cache of this process, and the log says so.

    Rate limits then count per process: looser for a while, never an error page for a person who needs one.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(server, params)
        self._local = LocMemCache("fallback", params)

    def _do(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(self._redis, operation)(*args, **kwargs)
        except (RedisError, OSError) as error:
            log.warning("Redis does not answer, counting in this process: %s", error)
            return getattr(self._local, operation)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("delete", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("incr", *args, **kwargs)

    def clear(self) -> Any:
        return self._do("clear")
