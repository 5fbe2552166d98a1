"""The files of deploy/: each is held by a tool of its own kind, and against what the platform really does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from banshi.app import loaded
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.tracing import ADDRESSES
from banshi.kinds.appeal.tips.flood import TIPS_PER_ITEM
from banshi.ops.cli.check import findings
from mobile_push.phones.anonymous.flood import OF_ONE
from tests.places import ROOT
from tests.servers import deployed, proxy_servers
from tools import pin

DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
UNITS = ("banshi-migrate.service", "banshi-serve.service", "banshi-worker@.service")

#: systemd's own measure of what a service could do beyond its work, from 0 to 10.
EXPOSURE = 2.0


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def wanted() -> frozenset[str]:
    """The variables that deploy/plugins.toml reads."""
    return frozenset(re.findall(r'^[^#\n]*"env:(\w+)"', text("plugins.toml"), re.MULTILINE))


#: Every variable that the platform reads by itself.
KNOWN = frozenset({ADDRESSES[1]})


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator's environment holds."""
    monkeypatch.setenv("BANSHI_DATA", str(tmp_path))
    monkeypatch.setenv("BANSHI_DATABASE", "postgres://banshi:word@db.example:5432/banshi")
    monkeypatch.setenv("BANSHI_REDIS", "redis://cache.example:6379/0")
    monkeypatch.setenv("BANSHI_ADDRESS", "https://services.city.example")
    monkeypatch.setenv("BANSHI_ISSUER", "https://id.example.org")
    monkeypatch.setenv("BANSHI_AUDIENCE", "banshi")


def run(*command: str | Path, folder: Path = DEPLOY) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        assert os.environ.get("CI") != "true", "systemd-analyze is missing; .ci/run installs it"
        pytest.skip("needs systemd-analyze, of Debian's package systemd")
    return found


# -- the tools -------------------------------------------------------------------------------------------------------


def test_the_compose_file_is_one_by_its_specification_and_a_misspelt_key_is_not(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text("compose.yaml").replace("stop_grace_period", "stop_grace_periode"), encoding="utf-8")
    judge = (TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "-o", "json")
    status, said = run(*judge, DEPLOY / "compose.yaml", wrong)
    assert status == 1
    assert "stop_grace_periode" in said
    judged = json.loads(said)
    assert {one["filename"] for one in judged["errors"]} == {str(wrong)}, said
    assert judged["parse_errors"] == []


def test_every_image_of_others_is_named_by_its_digest() -> None:
    others = re.findall(r"^(?:FROM| +image:) (?!banshi)(\S+)", text("Dockerfile") + text("compose.yaml"), re.MULTILINE)
    assert {one.partition(":")[0] for one in others} == {"python", "postgres", "redis"}
    assert all(re.fullmatch(r"\w+:[\w.-]+@sha256:[0-9a-f]{64}", one) for one in others), others


def test_the_manifest_is_one_by_kubernetes_schemas_and_a_misspelt_key_is_not(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text("kubernetes/banshi.yaml").replace("minAvailable", "minAvailible"), encoding="utf-8")
    right = DEPLOY / "kubernetes" / "banshi.yaml"
    status, said = run(TOOLS / "kubernetes-validate", "--strict", "--quiet", right, wrong)
    assert status != 0
    assert "minAvailible" in said
    assert [line for line in said.splitlines() if not line.startswith(f"ERROR {wrong} ")] == []


def test_the_image_s_recipe_pleases_hadolint_and_an_unpinned_base_does_not(tmp_path: Path) -> None:
    status, said = run(TOOLS / "hadolint", "Dockerfile")
    assert status == 0, said
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(re.sub(r"^FROM (\w+):\S+", r"FROM \1", text("Dockerfile"), flags=re.MULTILINE), encoding="utf-8")
    assert run(TOOLS / "hadolint", wrong)[0] == 1


def machine(place: Path, units: dict[str, str]) -> list[str]:
    """A machine's files, with these units and our program installed; where the units are."""
    shutil.copytree("/usr/lib/systemd/system", place / "usr/lib/systemd/system", symlinks=True)
    program = place / deployed.PLACE.strip("/") / ".venv/bin/banshi"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/true", program)
    folder = place / "etc/systemd/system"
    folder.mkdir(parents=True)
    for name, unit in units.items():
        (folder / name).write_text(unit, encoding="utf-8")
    return [f"/etc/systemd/system/{name.replace('@.', '@case.')}" for name in units]


def units() -> dict[str, str]:
    return {name: text(f"systemd/{name}") for name in UNITS}


def test_systemd_verifies_every_unit_and_finds_a_misspelt_key_and_a_missing_program(tmp_path: Path) -> None:
    assert {file.name for file in (DEPLOY / "systemd").iterdir()} == set(UNITS)
    verify = (systemd_analyze(), "verify", "--man=no", f"--root={tmp_path}")
    right = machine(tmp_path, units())
    assert run(*verify, *right) == (0, "")
    serve = tmp_path / "etc/systemd/system/banshi-serve.service"
    serve.write_text(units()["banshi-serve.service"].replace("TimeoutStopSec", "TimeoutStopSek"), encoding="utf-8")
    assert "TimeoutStopSek" in run(*verify, *right)[1]
    serve.write_text(units()["banshi-serve.service"].replace(".venv/bin/banshi", ".venv/bin/bansi"), encoding="utf-8")
    assert "bansi is not executable" in run(*verify, *right)[1]


def test_systemd_finds_little_that_a_unit_could_do_beyond_its_work(tmp_path: Path) -> None:
    analyze = systemd_analyze()
    machine(tmp_path, units())
    for name in UNITS:
        level = exposure(analyze, tmp_path, name)
        assert level <= EXPOSURE, f"{name}: {level}"
    serve = tmp_path / "etc/systemd/system/banshi-serve.service"
    serve.write_text(units()["banshi-serve.service"].replace("CapabilityBoundingSet=\n", ""), encoding="utf-8")
    assert exposure(analyze, tmp_path, "banshi-serve.service") > EXPOSURE


def exposure(analyze: str, place: Path, name: str) -> float:
    told = (f"--root={place}", "--offline=yes", "--json=short", f"/etc/systemd/system/{name}")
    status, said = run(analyze, "security", *told)
    assert status == 0, said
    rows = json.loads(said[said.index("[") :])
    return sum(float(row["exposure"] or 0) for row in rows)


def test_a_unit_permits_what_shuts_plugins_in() -> None:
    """Landlock and seccomp are in none of systemd's groups but @sandbox, and ProtectProc hides who can't be read."""
    for name, unit in units().items():
        assert re.search(r"^SystemCallFilter=.*@sandbox", unit, re.MULTILINE), name
        assert not re.search(r"^(ProtectProc|ProcSubset)=", unit, re.MULTILINE), name


def test_processes_and_threads_are_bounded_wherever_plugins_may_start_some() -> None:
    for name, unit in units().items():
        assert int(re.search(r"^TasksMax=(\d+)$", unit, re.MULTILINE)[1]) <= 512, name  # type: ignore[index]
    shared = text("compose.yaml").partition("services:")[0]
    assert int(re.search(r"^  pids_limit: (\d+)$", shared, re.MULTILINE)[1]) <= 512  # type: ignore[index]


def test_a_unit_s_home_is_a_folder_that_it_may_read() -> None:
    """asyncpg looks for certificates in ~/.postgresql, and gives up where it may not even look."""
    for name, unit in units().items():
        assert "ProtectHome=yes" in unit, name
        home = re.search(r"^Environment=HOME=/var/lib/(\S+)$", unit, re.MULTILINE)
        assert home, name
        assert f"\nStateDirectory={home[1]}\n" in unit, name


def test_neither_a_unit_nor_the_image_has_the_repository_s_history() -> None:
    """OWASP ASVS 5: 13.4.1."""
    for name, unit in units().items():
        assert f"\nInaccessiblePaths=-{deployed.PLACE}.git\n" in unit, name
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert not [line for line in ignored if line.startswith("!.git")]


def test_nginx_takes_its_file_and_not_one_with_a_misspelt_key(tmp_path: Path) -> None:
    right = proxy_servers.written(tmp_path / "right")
    assert run(*proxy_servers.command(right, "-t"))[0] == 0, right.errors
    slip = text("nginx/banshi.conf").replace("proxy_read_timeout", "proxy_reed_timeout")
    wrong = proxy_servers.written(tmp_path / "wrong", text=slip)
    status, said = run(*proxy_servers.command(wrong, "-t"))
    assert status == 1
    assert "proxy_reed_timeout" in said


def test_nginx_waits_longer_than_the_platform_and_takes_more_than_it() -> None:
    """Otherwise nginx would answer in the platform's place, which says what is wrong and what to do."""
    told, settings = text("nginx/banshi.conf"), Settings()
    (waits,), (takes,) = (
        re.findall(rf"^    {key} (\d+)", told, re.MULTILINE) for key in ("proxy_read_timeout", "client_max_body_size")
    )
    assert int(waits) > max(settings.handler_timeout, settings.pool.statement_seconds)
    assert int(takes) << 20 > max(settings.attachment_limit, settings.body_limit)
    assert f'"limit":{int(takes) << 20},' in told


def test_nginx_gives_one_address_fewer_phones_without_a_sign_in_than_the_platform_takes_of_one_sender() -> None:
    told = text("nginx/banshi.conf")
    (a_minute,) = re.findall(r"zone=banshi_senders:\S+ rate=(\d+)r/m", told)
    (at_once,) = re.findall(r"location /v1/devices/anonymous {[^}]*zone=banshi_senders burst=(\d+)", told)
    assert int(at_once) <= OF_ONE[0] / 2
    assert int(a_minute) / 60 < OF_ONE[1]


def test_nginx_gives_one_address_fewer_tips_than_the_platform_takes_and_counts_no_named_stream_as_under_way() -> None:
    told = text("nginx/banshi.conf")
    (a_minute,) = re.findall(r"zone=banshi_tips:\S+ rate=(\d+)r/m", told)
    (at_once,) = re.findall(r"zone=banshi_tips burst=(\d+)", told)
    assert int(at_once) <= TIPS_PER_ITEM[0] / 2
    assert int(a_minute) / 60 < TIPS_PER_ITEM[1]
    blocks = re.findall(r"^    location (\S+ ?\S*) {\n(.*?)^    }", told, re.MULTILINE | re.DOTALL)
    assert [place for place, block in blocks if "limit_conn" in block] == [
        *(
            "/",
            # Its callers say no name: one address has as many of these as of what is under way.
            "= /v1/road/stream",
            "/open311/",
            "~ ^/v1/(conversations/(sign-in|rest|signed-in|opened)|wechat|weibo)(/|$)",
            "/v1/devices/anonymous",
        ),
        *("~ ^/v1/(tips/|items/[^/]+/tips$|conversations/forms/)", "~ ^/v1/items/[^/]+/begin$"),
    ]
    (uncounted,) = re.findall(r"location ~ (\S+stream\S*) {", told)
    registry = loaded(read_configuration(ROOT / "plugins.toml"))
    streams = {re.sub(r"{\w+}", "x", route.path) for _, route in registry.routes if route.streams}
    assert len(streams) >= 4
    assert not [path for path in streams if not re.fullmatch(uncounted, path) and f"location = {path} " not in told]


def test_nginx_writes_down_no_token_of_a_path_and_nothing_of_who_says_no_name() -> None:
    """OWASP ASVS 5: 14.2.1, 16.2.5. A new route of either sort is below a prefix that nginx knows, or fails here."""
    told = text("nginx/banshi.conf")
    (masked,) = re.findall(r'"~(\S+)" \$before_token/-;', told)
    (unlogged,) = re.findall(r'"~\^\.:(\S+)" 0;', told)
    blocks = re.findall(r"^    location ([~=]?) ?(\S+) {\n(.*?)^    }", told, re.MULTILINE | re.DOTALL)
    silent = [
        re.compile(place if sort == "~" else re.escape(place) + "$" * (sort == "="))
        for sort, place, block in blocks
        if "error_log /dev/null crit;" in block
    ]
    routes = [route for _, route in loaded(read_configuration(ROOT / "plugins.toml")).routes]
    tokens, unnamed = (
        {re.sub(r"{\w+}", "x", route.path) for route in routes if is_one(route)}
        for is_one in (lambda route: "{token}" in route.path, lambda route: route.unnamed)
    )
    assert len(tokens) >= 4
    assert len(unnamed) >= 8
    assert [path for path in tokens if not re.match(masked.replace("(?<", "(?P<"), path)] == []
    assert [path for path in unnamed if not re.match(unlogged, path)] == []
    assert [path for path in tokens | unnamed if not any(one.match(path) for one in silent)] == []


# -- the platform ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("environment")
def test_the_configuration_is_right_and_has_the_plugins_of_the_repository_s_own() -> None:
    _, found = findings(DEPLOY / "plugins.toml", strict=False)
    assert [str(one) for one in found if not one.warning] == []
    ours = set(tomllib.loads((ROOT / "plugins.toml").read_text(encoding="utf-8"))["plugins"])
    # A page for people belongs to a server that people open; its files are an extra.
    configuration = read_configuration(DEPLOY / "plugins.toml")
    assert set(configuration.entries) == ours - {"api_page"}
    assert configuration.settings.migrate_at_start is False


def wrong_in(way: str, changed: dict[str, str]) -> list[str]:
    """What is untrue of one deployment, some of whose files read otherwise."""

    def read(name: str) -> str:
        return changed.get(name, text(name))

    processes = {
        "compose": lambda: deployed.of_compose(read("compose.yaml"), read("Dockerfile")),
        "systemd": lambda: deployed.of_systemd({name: read(f"systemd/{name}") for name in UNITS}, read("README.md")),
        "kubernetes": lambda: deployed.of_kubernetes(read("kubernetes/banshi.yaml"), read("Dockerfile")),
    }[way]()
    pool = tomllib.loads(read("plugins.toml"))["platform"]["pool"]["most"]
    return list(deployed.untrue(processes, wanted(), KNOWN, pool))


@pytest.mark.parametrize("way", ["compose", "systemd", "kubernetes"])
def test_commands_variables_ports_paths_lanes_and_stops_are_the_platform_s(way: str) -> None:
    assert wrong_in(way, {}) == []


LIVING = "livenessProbe:\n            httpGet: {path: /healthz"

#: A slip in one file, and what has to be said of it.
SLIPS = [
    ("compose", "compose.yaml", "--no-work]", "--no-werk]", "No such option"),
    ("compose", "compose.yaml", "command: [migrate]", "command: [migrat]", "no command 'migrat'"),
    ("compose", "compose.yaml", '"alert,notice"', '"alert,notices"', "no lane 'notices'"),
    ("compose", "compose.yaml", '"alert,notice"', "alert", "nobody works on notice"),
    ("compose", "compose.yaml", "BANSHI_REDIS:", "BANSHI_REDDIS:", "nobody reads BANSHI_REDDIS"),
    ("compose", "compose.yaml", "BANSHI_REDIS:", "BANSHI_REDDIS:", "BANSHI_REDIS isn't set"),
    ("compose", "compose.yaml", "stop_grace_period: 40s", "stop_grace_period: 30s", "may take 30.0 s to end"),
    ("compose", "compose.yaml", "8080/readyz", "8080/ready", "no route of every process"),
    ("compose", "compose.yaml", ":8080/readyz", ":8081/readyz", "port 8081 is named"),
    ("compose", "compose.yaml", "127.0.0.1:8080:8080", "127.0.0.1:8080:8088", "port 8088 is named"),
    ("compose", "compose.yaml", '--workers, "2"', '--workers, "20"', "more than PostgreSQL takes"),
    ("compose", "compose.yaml", "service_completed_successfully", "service_started", "before the tables"),
    ("compose", "plugins.toml", "most = 8", "most = 30", "more than PostgreSQL takes"),
    ("compose", "Dockerfile", "/opt/banshi/deploy/plugins.toml", "/etc/plugins.toml", "no file of the repository"),
    ("systemd", "systemd/banshi-serve.service", "serve --port 8080", "serve --prt 8080", "No such option"),
    ("systemd", "systemd/banshi-serve.service", "TimeoutStopSec=40", "TimeoutStopSec=20", "may take 30.0 s to end"),
    ("systemd", "systemd/banshi-serve.service", "Requires=banshi", "Requires=bansi", "before the tables"),
    ("systemd", "systemd/banshi-worker@.service", "--lanes %i", "--lane %i", "No such option"),
    ("systemd", "README.md", " banshi-worker@notice", "", "nobody works on notice"),
    ("systemd", "README.md", "banshi-worker@notice", "banshi-worker@notices", "no lane 'notices'"),
    ("kubernetes", "kubernetes/banshi.yaml", "--lanes, case]", "--lanes, cases]", "no lane 'cases'"),
    ("kubernetes", "kubernetes/banshi.yaml", LIVING, LIVING.replace("healthz", "readyz"), "database is away"),
    ("kubernetes", "kubernetes/banshi.yaml", "path: /readyz", "path: /redyz", "no route of every process"),
    ("kubernetes", "kubernetes/banshi.yaml", "containerPort: 8080", "containerPort: 80", "port 80 is named"),
    ("kubernetes", "kubernetes/banshi.yaml", "seconds: 5}", "seconds: 15}", "is killed after 30 s"),
    ("kubernetes", "kubernetes/banshi.yaml", "name: BANSHI_ISSUER", "name: BANSHI_ISUER", "nobody reads BANSHI_ISUER"),
    ("kubernetes", "kubernetes/banshi.yaml", "serve, --host, 0.0.0.0", "serve, --host, 127.0.0.1", "127.0.0.1 alone"),
    ("kubernetes", "kubernetes/banshi.yaml", "replicas: 3", "replicas: 30", "more than PostgreSQL takes"),
    ("kubernetes", "kubernetes/banshi.yaml", "args: [migrate]", "args: [check]", "before the tables"),
]


@pytest.mark.parametrize(("way", "name", "right", "wrong", "told"), SLIPS)
def test_a_slip_of_the_pen_is_found(way: str, name: str, right: str, wrong: str, told: str) -> None:
    assert right in text(name), "the slip changes nothing"
    assert told in "\n".join(wrong_in(way, {name: text(name).replace(right, wrong)}))


def test_what_the_manifest_names_is_there() -> None:
    assert list(deployed.unjoined(text("kubernetes/banshi.yaml"), text("README.md"))) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("claimName: banshi-data", "claimName: banshi-date", "to mount as data"),
        ("{name: tmp, mountPath", "{name: temp, mountPath", "to mount as temp"),
        ("serviceAccountName: banshi", "serviceAccountName: bansi", "no account bansi"),
        ("key: database", "key: databse", "no databse into the Secret"),
        ("targetPort: http", "targetPort: htpp", "no port htpp"),
        ("minAvailable: 2", "minAvailable: 3", "no machine could ever be emptied"),
        ("valueFrom: {secretKeyRef: {name: banshi, key: redis}}", "value: word", "BANSHI_REDIS stands in the file"),
        ("  selector: {app.kubernetes.io/name: banshi, app.kubernetes.io/component: serve}",
         "  selector: {app.kubernetes.io/name: banshi}", "selects 3 deployments"),
    ],
)  # fmt: skip
def test_what_the_manifest_names_and_is_not_there_is_found(right: str, wrong: str, told: str) -> None:
    assert right in text("kubernetes/banshi.yaml")
    changed = text("kubernetes/banshi.yaml").replace(right, wrong)
    assert told in "\n".join(deployed.unjoined(changed, text("README.md")))


def test_the_network_policy_is_about_every_pod_and_lets_in_no_other_port_than_theirs() -> None:
    documents = list(yaml.safe_load_all(text("kubernetes/banshi.yaml")))
    (policy,) = [one["spec"] for one in documents if one["kind"] == "NetworkPolicy"]
    pods = [one["spec"]["template"] for one in documents if one["kind"] in {"Deployment", "Job"}]
    assert len(pods) == 4
    chosen = policy["podSelector"]["matchLabels"].items()
    assert all(chosen <= pod["metadata"]["labels"].items() for pod in pods)
    (taken,) = policy["ingress"]
    theirs = {port["containerPort"] for pod in pods for port in pod["spec"]["containers"][0].get("ports", [])}
    assert {one["port"] for one in taken["ports"]} == theirs
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert {one["port"] for rule in policy["egress"] for one in rule["ports"]} == {53, 443, 5432, 6379, 26379}
    assert all(rule.get("ports") for rule in policy["egress"])


@pytest.mark.long
def test_the_bill_of_materials_is_valid_and_names_what_the_image_installs(tmp_path: Path) -> None:
    tool = TOOLS / "cyclonedx-py"
    if not tool.exists():
        assert os.environ.get("CI") != "true", "cyclonedx-bom is missing: it is in the group `test`"
        pytest.skip("needs cyclonedx-bom, of the group `test`")
    (made,) = re.findall(
        r"^\.venv/bin/cyclonedx-py (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE
    )
    arguments = made.split()
    place = arguments[arguments.index("--output-file") + 1]
    arguments[arguments.index(place)] = str(tmp_path / "bill.json")
    # Where it is made for good, it judges it itself, and takes seconds to import its judge.
    assert "--no-validate" not in arguments
    status, said = run(tool, *arguments, "--no-validate", folder=ROOT)
    assert status == 0, said
    bill = json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))
    assert [str(one) for one in judge_of_bills().iter_errors(bill)] == []
    assert list(judge_of_bills().iter_errors(bill | {"specVersion": 1.6}))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["type"]) == ("banshi", "application")
    named = {one["name"]: one["version"] for one in bill["components"]}
    assert named == {name: version.split(" ;")[0] for name, (version, _) in image_has().items()}


def judge_of_bills() -> jsonschema_rs.Validator:
    """CycloneDX's own schema, as cyclonedx-bom brings it."""
    folder = resources.files("cyclonedx.schema") / "_res"
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "jsf-0.82", "spdx")]
    schemas = [json.loads((folder / name).read_text(encoding="utf-8")) for name in names]
    places = [f"http://cyclonedx.org/schema/{name}" for name in names]
    known = jsonschema_rs.Registry(list(zip(places, schemas, strict=True)))
    return jsonschema_rs.validator_for(schemas[0], registry=known, validate_formats=True)


def test_no_image_names_a_registry() -> None:
    texts = [text(name) for name in ("compose.yaml", "kubernetes/banshi.yaml", "Dockerfile")]
    assert deployed.misnamed_images(*texts) == []
    assert deployed.misnamed_images("    image: images.example.org/postgres:17\n") == ["images.example.org/postgres:17"]
    assert deployed.misnamed_images("FROM localhost:5000/python:3\n") == ["localhost:5000/python:3"]


def test_the_image_has_everything_that_its_configuration_names() -> None:
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY .*$", text("Dockerfile"), re.MULTILINE)]
    sources = {source for line in copied for source in line}
    assert sources
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    entries = tomllib.loads(text("plugins.toml"))["plugins"].values()
    needed = {str((DEPLOY / entry["path"]).resolve().relative_to(ROOT)) for entry in entries if "path" in entry}
    assert {one for one in needed if one.split("/")[0] not in sources} == set()
    # Nothing that it copies is kept from it.
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{source}" for source in sources} == {line for line in ignored if line.startswith("!")}


def image_has() -> dict[str, tuple[str, list[str]]]:
    """What deploy/requirements.txt names: version and marker, hashes."""
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text("requirements.txt").splitlines():
        if one := re.fullmatch(r"([a-z0-9-]+)==(.+?) \\", line):
            found[one[1]] = (one[2], [])
        elif one := re.fullmatch(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?", line):
            next(reversed(found.values()))[1].append(one[1])
        else:
            assert line.startswith("#"), line
    return found


def test_the_image_installs_what_pyproject_pins_each_by_its_hash_and_from_no_named_host() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = {re.sub(r"\s*;.*", "", one) for one in project["tool"]["uv"]["constraint-dependencies"]}
    found = image_has()
    assert {f"{name}=={version.split(' ;')[0]}" for name, (version, _) in found.items()} <= pinned
    assert all(hashes for _, hashes in found.values())
    assert not re.search(r"://|index|@|\.(?:org|com|io)\b", text("requirements.txt").replace(pin.HEAD, ""))
    assert "--require-hashes --only-binary=:all:" in text("Dockerfile")
    assert set(pin.EXTRAS) <= set(project["project"]["optional-dependencies"])
    assert f"python:{pin.PYTHON}-slim" in text("Dockerfile")


def needed_here(extra: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed: list[str] = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return needed


def test_nothing_that_the_platform_needs_is_missing_in_the_image() -> None:
    """As far as it is installed here: the extras' own needs too."""
    wanted, found = [("banshi", extra) for extra in ("", *pin.EXTRAS)] + [("hatchling", "")], set()
    environment = {"sys_platform": "linux", "platform_machine": "x86_64", "python_version": pin.PYTHON}
    environment |= {"python_full_version": f"{pin.PYTHON}.0", "implementation_name": "cpython"}
    while wanted:
        name, extra = wanted.pop()
        if (name, extra) in found:
            continue
        found.add((name, extra))
        try:
            requires = needed_here(extra) if name == "banshi" else metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for one in map(Requirement, requires):
            if one.marker is None or one.marker.evaluate(environment | {"extra": extra}):
                needed = canonicalize_name(one.name)
                wanted += [(needed, inner) for inner in ("", *one.extras)]
    names = {name for name, _ in found} - {"banshi"}
    assert len(names) > 60
    assert names - set(image_has()) == set()


def test_readme_explains_every_variable_and_no_other() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", text("README.md"), re.MULTILINE)
    assert set(re.findall(r"`([A-Z_]+)`", " ".join(rows))) == wanted() | KNOWN
