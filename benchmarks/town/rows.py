"""The rows of the scoreboard: each a fault with its promise, and where its long form is. It imports nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A fault that is tried on the real thing."""

    #: What it is called on the command line; the function's name with hyphens.
    name: str
    #: Of `benchmarks/faults`.
    module: str
    promise: str

    @property
    def function(self) -> str:
        return self.name.replace("-", "_")


ROWS = (
    Row("worker-killed", "workers", "0 lost; what it held is taken over within the lease"),
    Row("push-killed", "push", "0 lost; twice what was not settled, 1 % if quiet; no Retry-After undercut"),
    Row("server-killed", "workers", "what was acknowledged is there; no change without its outbox row"),
    Row("redis", "redis", "slower only; 0 lost; no quota reset"),
    Row("postgres", "postgres", "503 with Retry-After, back within 5 s, 0 lost"),
    Row("postgres-network", "postgres", "the same where the network is at fault"),
    Row("switchover", "postgres", "503 and not ready meanwhile, writes within 10 s of the new primary, 0 lost"),
    Row("provider", "push", "Retry-After honoured for it alone; a dead letter is visible; 0 lost"),
    Row("provider-silent", "outages", "left alone; the API goes on; 0 lost"),
    Row("provider-token", "outages", "asked seldom; 0 lost"),
    Row("provider-credentials", "outages", "operators are told; no phone forgotten; 0 lost"),
    Row("poison", "plugins", "parked after N tries; a removed plugin's work waits; 0 dropped"),
    Row("rolling", "workers", "every process ends with status 0; 0 lost"),
    Row("disk-full", "disk", "507, nothing half-written, reads go on"),
    Row("clock", "outages", "leases by the database's clock, timers monotonic; 0 lost"),
    Row("plugin", "plugins", "its own request fails; the loop's lag stays under 50 ms at p99"),
    Row("twice", "races", "the stored answer; another body 422; in flight 409; one case a key"),
    Row("races", "races", "0 overbooked; one transition, one credential"),
    Row("bombs", "strangers", "refused before they expand; others are served; nothing left behind"),
    Row("slowloris", "strangers", "closed within 15 s; others are served"),
    Row("qr", "credentials", "every mutation refused"),
    Row("screenshots", "credentials", "refused outside its window; two places at once are flagged"),
    Row("replays", "replays", "refused: ±5 minutes and a unique id in SQL"),
    Row("restore", "restore", "held until an operator releases it; then 0 lost"),
)
