"""What the files of deploy/ say, as processes of ours, and everything in which that isn't true of the platform."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import yaml

from banshi.builtin.monitoring import routes as monitoring_routes
from banshi.kernel.runtime.process_role import LANES
from banshi.ops.cli import COMMANDS, group
from banshi.ops.cli.server import serve, workers
from banshi.ops.cli.server.worker import lanes_of

#: Where the image and the units have the repository.
PLACE = "/opt/banshi/"

#: Connections that PostgreSQL takes where nothing is said, without those that it keeps for its superusers.
MAX_CONNECTIONS = 97

#: Seconds by which a stop has to be longer than a process takes to end by itself.
STOP_MARGIN_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One look at a process's health."""

    #: startup, liveness, readiness.
    sort: str
    path: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Process:
    """One command line of `banshi`, and what a file says around it."""

    where: str
    #: What follows `banshi`.
    arguments: Sequence[str]
    #: The variables that are set; None where they stand in a file of the operator's.
    variables: frozenset[str] | None
    #: How many of it run at most, during a roll-out too.
    copies: int = 1
    #: Seconds from SIGTERM until it is killed; None where nothing kills it.
    stop: float | None = None
    #: Ports that others are told of.
    ports: frozenset[int] = frozenset()
    asked: tuple[Asked, ...] = ()
    #: Whether it stands behind `banshi migrate`.
    after_migration: bool = True


def seconds(told: str) -> float:
    """systemd's and Compose's way to write a time."""
    found = re.fullmatch(r"(\d+)(s|min|)", told)
    assert found, f"{told!r} is no time"
    return int(found[1]) * (60.0 if found[2] == "min" else 1.0)


# -- reading the files -----------------------------------------------------------------------------------------------


def entry_point(dockerfile: str) -> list[str]:
    """What the image puts before a container's command."""
    found = re.search(r'^ENTRYPOINT \["banshi", (.*)\]$', dockerfile, re.MULTILINE)
    assert found, "the image's entry point is `banshi`"
    return [one.strip().strip('"') for one in found[1].split(",")]


def of_compose(compose: str, dockerfile: str) -> list[Process]:
    services = yaml.safe_load(compose)["services"]
    return [
        Process(
            where=f"compose.yaml: {name}",
            arguments=[*entry_point(dockerfile), *service["command"]],
            variables=frozenset(service["environment"]),
            stop=seconds(service["stop_grace_period"]),
            ports=frozenset(int(port.rpartition(":")[2]) for port in service.get("ports", ())),
            asked=tuple(_asked_by_python(service)),
            after_migration=service["depends_on"].get("migrate", {}).get("condition")
            == "service_completed_successfully",
        )
        for name, service in services.items()
        if service["image"] == "banshi"
    ]


def _asked_by_python(service: Mapping[str, Any]) -> Iterator[Asked]:
    if "healthcheck" in service:
        found = re.search(r"'http://127\.0\.0\.1:(\d+)(/[^']*)'", service["healthcheck"]["test"][-1])
        assert found, "the health check names no address"
        yield Asked(sort="readiness", path=found[2], port=int(found[1]))


def of_systemd(units: Mapping[str, str], readme: str) -> list[Process]:
    """The units that README.md has enabled, and what they need."""
    found = re.search(r"^systemctl enable --now (.*)$", readme, re.MULTILINE)
    assert found, "README.md enables the units"
    return [_of_unit(units, name) for name in ("banshi-migrate", *found[1].split())]


def _of_unit(units: Mapping[str, str], name: str) -> Process:
    template, _, instance = name.partition("@")
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(units[f"{template}{'@' if instance else ''}.service"])
    program, *arguments = shlex.split(unit["Service"]["ExecStart"].replace("%i", instance))
    assert program == f"{PLACE}.venv/bin/banshi", program
    needs = {*unit["Unit"].get("Requires", "").split()} & {*unit["Unit"].get("After", "").split()}
    ends = unit["Service"]["Type"] == "oneshot"
    return Process(
        where=f"systemd: {name}",
        arguments=arguments,
        variables=None,
        stop=None if ends else seconds(unit["Service"]["TimeoutStopSec"]),
        after_migration="banshi-migrate.service" in needs,
    )


def of_kubernetes(manifest: str, dockerfile: str) -> list[Process]:
    documents = list(yaml.safe_load_all(manifest))
    migrates = any(one["kind"] == "Job" and _pod(one)["containers"][0]["args"] == ["migrate"] for one in documents)
    return [_of_workload(one, dockerfile, migrates) for one in documents if one["kind"] in {"Job", "Deployment"}]


def _pod(workload: Mapping[str, Any]) -> Mapping[str, Any]:
    pod: Mapping[str, Any] = workload["spec"]["template"]["spec"]
    return pod


def _labels(workload: Mapping[str, Any]) -> Mapping[str, str]:
    labels: Mapping[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return labels


def _of_workload(workload: Mapping[str, Any], dockerfile: str, migrates: bool) -> Process:
    pod = _pod(workload)
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    return Process(
        where=f"banshi.yaml: {workload['metadata']['name']}",
        arguments=[*entry_point(dockerfile), *container["args"]],
        variables=frozenset(one["name"] for one in container["env"]),
        # Kubernetes surges by a quarter, rounded up, where nothing is said.
        copies=workload["spec"].get("replicas", 1) + (workload["kind"] == "Deployment"),
        stop=pod["terminationGracePeriodSeconds"] - before,
        ports=frozenset(ports.values()),
        asked=tuple(
            Asked(sort=sort, path=get["path"], port=ports.get(get["port"], 0))
            for sort in ("startup", "liveness", "readiness")
            if (get := container.get(f"{sort}Probe", {}).get("httpGet"))
        ),
        after_migration=migrates,
    )


# -- what isn't true -------------------------------------------------------------------------------------------------


def untrue(processes: Sequence[Process], wanted: frozenset[str], known: frozenset[str], pool: int) -> Iterator[str]:
    """Each way in which `processes`, one deployment, don't fit the platform and each other.

    `wanted` are the variables that the configuration reads, `known` those that the platform knows beside them, `pool`
    the connections of one process.
    """
    lanes: set[str] = set()
    connections, works = 0, True
    for process in processes:
        try:
            name, given = parsed(process.arguments)
            lanes |= lanes_of(given["lanes"]) if name == "worker" else frozenset()
        except (click.ClickException, ValueError) as error:
            yield f"{process.where}: {error}"
            continue
        works = works and not given.get("no_work", False)
        connections += (pool + 1) * given.get("workers", 1) * process.copies if name != "migrate" else 0
        yield from _of_one(process, name, given)
        if process.variables is not None:
            yield from (f"{process.where}: {one} isn't set" for one in sorted(wanted - process.variables))
            yield from (f"{process.where}: nobody reads {one}" for one in sorted(process.variables - wanted - known))
    if not works and lanes != set(LANES):
        yield f"nobody works on {', '.join(sorted(set(LANES) - lanes))}"
    if connections > MAX_CONNECTIONS:
        yield f"{connections} connections are more than PostgreSQL takes"


def parsed(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The subcommand and what it is given. Raises click's own refusals, or ValueError."""
    context = click.Context(group, info_name="banshi")
    options, rest, _ = group.make_parser(context).parse_args(list(arguments))
    if not str(options.get("config", "")).startswith(PLACE):
        raise ValueError("--config names no file of the repository")
    if not rest or rest[0] not in COMMANDS:
        raise ValueError(f"there is no command {' '.join(rest[:1])!r}")
    command = group.get_command(context, rest[0])
    assert command is not None
    return rest[0], command.make_context(rest[0], rest[1:], parent=context).params


def _of_one(process: Process, name: str, given: Mapping[str, Any]) -> Iterator[str]:
    where = process.where
    if name == "migrate":
        return
    if not process.after_migration:
        yield f"{where}: begins before the tables are at their schema"
    own = max(serve.END_TIMEOUT_S, workers.END_TIMEOUT_S)
    if process.stop is None or process.stop < own + STOP_MARGIN_S:
        yield f"{where}: is killed after {process.stop} s, and may take {own} s to end"
    if (process.ports or process.asked) and given["host"] != "0.0.0.0":
        yield f"{where}: listens on {given['host']} alone"
    for port in sorted(process.ports | {one.port for one in process.asked}):
        if port != given["port"]:
            yield f"{where}: port {port} is named, and it listens on {given['port']}"
    paths = {route.path for route in monitoring_routes.ROUTES}
    for one in process.asked:
        if one.path not in paths:
            yield f"{where}: {one.sort} asks for {one.path}, which is no route of every process"
        if one.sort == "liveness" and one.path == "/readyz":
            yield f"{where}: is killed whenever the database is away"


def misnamed_images(*texts: str) -> list[str]:
    """Images that name a registry's host: whoever deploys says where images come from."""
    found = [one for text in texts for one in re.findall(r"(?:image:|^FROM) *(\S+)", text, re.MULTILINE)]
    assert found, "no image is named at all"
    return [one for one in found if "/" in one and re.search(r"[.:]|^localhost$", one.split("/")[0])]


def unjoined(manifest: str, readme: str) -> Iterator[str]:
    """What in the manifest names something that isn't there."""
    documents = list(yaml.safe_load_all(manifest))
    deployments = [one for one in documents if one["kind"] == "Deployment"]
    claims = {one["metadata"]["name"] for one in documents if one["kind"] == "PersistentVolumeClaim"}
    accounts = {one["metadata"]["name"] for one in documents if one["kind"] == "ServiceAccount"}
    keys = set(re.findall(r"--from-literal=(\w+)=", readme))
    for one in documents:
        name = f"{one['kind']} {one['metadata']['name']}"
        if one["kind"] in {"Service", "PodDisruptionBudget"}:
            selector = one["spec"]["selector"]
            labels = selector.get("matchLabels", selector)
            chosen = [
                two for two in deployments if labels.items() <= two["spec"]["template"]["metadata"]["labels"].items()
            ]
            if len(chosen) != 1:
                yield f"{name}: selects {len(chosen)} deployments"
                continue
            yield from _against(one, name, chosen[0])
        if one["kind"] in {"Job", "Deployment"}:
            yield from _within(one, name, claims, accounts, keys)
    guarded = sum(one["kind"] == "PodDisruptionBudget" for one in documents)
    if guarded != len(deployments):
        yield f"{len(deployments)} deployments have {guarded} disruption budgets"


def _against(one: Mapping[str, Any], name: str, deployment: Mapping[str, Any]) -> Iterator[str]:
    if one["kind"] == "PodDisruptionBudget" and one["spec"]["minAvailable"] >= deployment["spec"]["replicas"]:
        yield f"{name}: no machine could ever be emptied"
    named = {port["name"] for port in _pod(deployment)["containers"][0]["ports"]}
    for port in one["spec"].get("ports", ()):
        if port["targetPort"] not in named:
            yield f"{name}: there is no port {port['targetPort']}"


def _within(one: Mapping[str, Any], name: str, claims: set[str], accounts: set[str], keys: set[str]) -> Iterator[str]:
    pod = _pod(one)
    container = pod["containers"][0]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        claim = volumes.get(mount["name"], {"persistentVolumeClaim": {"claimName": None}}).get("persistentVolumeClaim")
        if claim and claim["claimName"] not in claims:
            yield f"{name}: nothing is there to mount as {mount['name']}"
    if pod["serviceAccountName"] not in accounts:
        yield f"{name}: there is no account {pod['serviceAccountName']}"
    for variable in container["env"]:
        key = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("key")
        if key is None and "/" not in variable["value"]:
            yield f"{name}: {variable['name']} stands in the file"
        if key is not None and key not in keys:
            yield f"{name}: README.md puts no {key} into the Secret"
    if one["kind"] == "Deployment" and one["spec"]["selector"]["matchLabels"] != _labels(one):
        yield f"{name}: selects other pods than its own"
