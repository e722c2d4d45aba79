"""Waiting until programs answer that they are ready."""

import ssl
import time
from collections.abc import Callable, Iterable, Mapping

import httpx

from .certificates import Authority
from .failure import ProgramFailed
from .processes import ProcessTable


def wait_healthy(
    processes: ProcessTable,
    health: Mapping[str, str],
    authority: Authority,
    names: Iterable[str],
    meanwhile: Callable[[], None] = lambda: None,
    seconds: float = 60,
) -> None:
    """Wait until every URL in `health` (by program) answers 200.

    Args:
        processes: the processes of the cluster.
        health: URL by program.
        authority: who signed their certificates.
        names: programs that must stay alive meanwhile.
        meanwhile: what to do at each round.
        seconds: how long at most.

    Raises:
        ProgramFailed: a program ended, or does not answer in time; with the end of its log.
    """
    context = ssl.create_default_context(cafile=str(authority.certificate))
    # /readyz and /healthz are open to everyone, but the API server's need a certificate where anonymous
    # requests are refused: present the administrator's.
    context.load_cert_chain(*authority.client("admin", "admin", ["system:masters"]))
    waiting, alive = dict(health), list(names)
    deadline = time.monotonic() + seconds
    # A starting API server takes a connection and leaves it unanswered for long: ask again soon.
    with httpx.Client(verify=context, timeout=1, trust_env=False) as http:
        while True:
            meanwhile()
            waiting = {name: url for name, url in waiting.items() if not _answers(http, url)}
            for name in alive:
                if processes.running(name) is None:
                    raise ProgramFailed(_told(processes, name, "ended"))
            if not waiting:
                return
            if time.monotonic() > deadline:
                name = next(iter(waiting))
                raise ProgramFailed(_told(processes, name, f"is not ready after {seconds:.0f} s"))
            time.sleep(0.1)


def wait_for(condition: Callable[[], bool], seconds: float, explain: Callable[[], str]) -> None:
    """Wait until a condition is true; it may raise to end the wait.

    Raises:
        ProgramFailed: it is not true in time; with what `explain` returns.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ProgramFailed(explain())
        time.sleep(0.1)


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url).status_code == 200
    except httpx.TransportError:
        return False


def _told(processes: ProcessTable, name: str, what: str) -> str:
    return f"{name} {what}: {processes.last_words(name)}\nits whole log: {processes.log(name)}"
