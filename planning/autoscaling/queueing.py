"""How many servers a load needs, so that a share of its requests waits no longer than allowed.

M/M/c by Erlang's formulas (A. K. Erlang, 1917; in any textbook, such as Gross and Harris, Fundamentals of Queueing
Theory, section 2.3), and G/G/c by the approximation of Allen and Cunneen (A. O. Allen, Probability, Statistics and
Queueing Theory, 1990, section 5.5.2): the wait of M/M/c times the mean of the squared coefficients of variation of the
times between arrivals and of the service times. The tail of the wait is exponential in both, which is exact for M/M/c.
"""

import math
from functools import lru_cache

import numpy as np

from .lanes import Values


def erlang_b(load: float, servers: int) -> float:
    """Return the share of requests that find all servers busy where nobody waits; `load` is rate times service time."""
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Return the share of requests that wait at all; 1 where the load is as large as the servers or larger."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def late_share(
    *,
    rate: float,
    service_time: float,
    servers: int,
    allowed_wait: float,
    arrival_variation: float = 1.0,
    service_variation: float = 1.0,
) -> float:
    """Return the share of requests that wait longer than `allowed_wait` seconds, from 0 to 1.

    Args:
        rate: Requests a second; 0 or more.
        service_time: Seconds that a server needs for a request on average.
        servers: Requests that are served at a time by all replicas together.
        allowed_wait: Seconds; 0 or more.
        arrival_variation: Squared coefficient of variation of the times between arrivals. Default: 1, as for Poisson.
        service_variation: The same of the service times. Default: 1, as for exponential ones; 0 where all are alike.
    """
    load = rate * service_time
    if load <= 0:
        return 0.0
    if load >= servers:
        return 1.0
    variation = max((arrival_variation + service_variation) / 2, 1e-9)
    return erlang_c(load, servers) * math.exp(-(servers - load) / service_time * allowed_wait / variation)


def mean_wait(
    *,
    rate: float,
    service_time: float,
    servers: int,
    arrival_variation: float = 1.0,
    service_variation: float = 1.0,
) -> float:
    """Return the seconds that a request waits on average; infinite where the load is not less than the servers."""
    load = rate * service_time
    if load <= 0:
        return 0.0
    if load >= servers:
        return math.inf
    wait = erlang_c(load, servers) * service_time / (servers - load)
    return wait * (arrival_variation + service_variation) / 2


def replicas_for(
    *,
    rate: float,
    service_time: float,
    concurrency: int,
    allowed_wait: float,
    late: float = 0.01,
    arrival_variation: float = 1.0,
    service_variation: float = 1.0,
) -> int:
    """Return the fewest replicas that keep the share of late requests at `late` or below; 0 for no load.

    Each replica serves `concurrency` requests at a time; the other arguments are those of `late_share`.
    """
    if rate <= 0:
        return 0
    fewest = max(1, math.ceil(rate * service_time / concurrency))
    while True:
        share = late_share(
            rate=rate,
            service_time=service_time,
            servers=fewest * concurrency,
            allowed_wait=allowed_wait,
            arrival_variation=arrival_variation,
            service_variation=service_variation,
        )
        if share <= late:
            return fewest
        fewest += 1


@lru_cache(maxsize=64)
def loads_for(
    *,
    most: int,
    service_time: float,
    concurrency: int,
    allowed_wait: float,
    late: float = 0.01,
    arrival_variation: float = 1.0,
    service_variation: float = 1.0,
) -> Values:
    """Return the largest load that 0 to `most` replicas serve with a share of `late` requests or less, [most + 1].

    In replicas that would be busy all the time; the inverse of `replicas_for`. The arguments are the same.
    """
    servers = np.arange(most + 1, dtype=np.float64) * concurrency
    low, high = np.zeros(most + 1), servers.copy()
    variation = max((arrival_variation + service_variation) / 2, 1e-9)
    for _ in range(30):
        load = (low + high) / 2
        share = _waiting(load, most, concurrency) * np.exp(-(servers - load) / service_time * allowed_wait / variation)
        enough = share <= late
        low, high = np.where(enough, load, low), np.where(enough, high, load)
    low.flags.writeable = False
    return low / concurrency


def _waiting(load: Values, most: int, concurrency: int) -> Values:
    """Return Erlang's C of `load[i]` on `i * concurrency` servers."""
    blocked, found = np.ones_like(load), np.ones_like(load)
    for count in range(1, most * concurrency + 1):
        blocked = load * blocked / (count + load * blocked)
        if count % concurrency == 0:
            found[count // concurrency] = blocked[count // concurrency]
    servers = np.maximum(np.arange(most + 1) * concurrency, 1)
    return found / (1 - load / servers * (1 - found) + 1e-300)
