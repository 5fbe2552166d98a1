"""Atheris on what strangers hand in: texts of passes at the verifier, and bodies of uploads at the multipart reader.

`fuzz_pass.py` and `fuzz_multipart.py` say what has to hold of each input; this starts libFuzzer on one of them in a
process of its own, with every module that is counted instrumented, and shows how many inputs it has tried and how much
of those modules they reached. What is found is left in `build/fuzz/<target>`, and belongs into
`tests/banshi/fuzzed/<target>` once it is mended.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType

from benchmarks.shared.arguments import lengths_of, options
from benchmarks.shared.processes import ROOT

FOUND = ROOT / "build" / "fuzz"
KEPT = ROOT / "tests" / "banshi" / "fuzzed"

TARGETS = {"pass": "benchmarks.fuzz_pass", "multipart": "benchmarks.fuzz_multipart"}

#: Seconds that an input may take, and MiB that the process may have.
INPUT_TIMEOUT_S, MAX_MEMORY_MIB = 10, 1_024

#: Set in the fuzzer's own process.
INSIDE = "BANSHI_FUZZ"

#: A library that warns of what it reads would warn of every input.
QUIET = {**os.environ, "PYTHONWARNINGS": "ignore"}


def main() -> int:
    parser = options(__doc__, seconds=(600, 10))
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="{" + ",".join(TARGETS) + "}")
    given = lengths_of(parser)
    if importlib.util.find_spec("atheris") is None:
        print("atheris has no wheel for this Python or system: nothing is fuzzed")
        return 0
    return max(fuzz(target, given.seconds, short=given.short) for target in given.targets or TARGETS)


def fuzz(target: str, seconds: int, *, short: bool) -> int:
    """Let libFuzzer try inputs for so long, and show what came of it; the status to end with."""
    place = FOUND / target
    shutil.rmtree(place, ignore_errors=True)
    corpus = place / "corpus"
    corpus.mkdir(parents=True)
    module = importlib.import_module(TARGETS[target])
    for number, seed in enumerate(module.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    for known in sorted((KEPT / target).glob("*")):
        shutil.copy(known, corpus)
    words = place / "words.dict"
    written = ("".join(f"\\x{byte:02x}" for byte in word) for word in module.WORDS)
    words.write_text("".join(f'"{word}"\n' for word in written), encoding="utf-8")
    options = {
        "max_total_time": seconds,
        "max_len": module.MAX_INPUT_BYTES,
        "timeout": INPUT_TIMEOUT_S,
        "rss_limit_mb": MAX_MEMORY_MIB,
    }
    command = [sys.executable, "-W", "ignore", __file__, str(corpus)]
    command += [f"-dict={words}", f"-artifact_prefix={place}/", "-print_final_stats=1"]
    # Continuous integration sees whether it works; it is not where something new is found.
    command += ["-seed=1"] if short else []
    command += [f"-{name}={value}" for name, value in options.items()]
    done = subprocess.run(command, env={**QUIET, INSIDE: target}, stderr=subprocess.PIPE, text=True, check=False)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
    reached = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", done.stderr)
    crashes = [one for one in place.iterdir() if one.is_file() and one != words]
    if done.returncode or crashes or not reached:
        print(done.stderr[-6_000:], file=sys.stderr)
    print(f"{target}: {int(stats.get('number_of_executed_units', 0)):,} inputs in {seconds} s, ", end="")
    print(f"{int(stats.get('average_exec_per_sec', 0)):,} a second; ", end="")
    print("edges {}, features {}, corpus {}; ".format(*reached[-1]) if reached else "nothing reached; ", end="")
    print(f"memory {stats.get('peak_rss_mb', '?')} MiB; lines reached: {lines(target, corpus)}; ", end="")
    kept = ", ".join(str(one.relative_to(ROOT)) for one in crashes)
    print(f"found: {kept or ('what is told above' if done.returncode else 'nothing')}")
    return 1 if done.returncode or crashes or not reached else 0


def lines(target: str, corpus: Path) -> str:
    """How much of each module the inputs that are worth keeping reach, without the fuzzer: in a process of its own."""
    data = corpus.parent / "coverage"
    modules = ",".join(name for name in importlib.import_module(TARGETS[target]).MODULES)
    measured = [sys.executable, "-m", "coverage", "run", f"--data-file={data}", f"--source={modules}", "--rcfile="]
    environment = {**QUIET, INSIDE: f"replay {target}"}
    subprocess.run([*measured, __file__, str(corpus)], env=environment, check=True)
    told = [sys.executable, "-m", "coverage", "report", f"--data-file={data}", "--rcfile="]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    data.unlink()
    rows = re.findall(r"^(\S+)\.py\s+\d+\s+\d+\s+(\d+%)", said, re.MULTILINE)
    return ", ".join(f"{'/'.join(Path(name).parts[-2:])} {share}" for name, share in rows)


def inside(target: str) -> None:
    """In the fuzzer's process: everything that is counted is imported with instruments."""
    import atheris

    # What they import is imported before, or it would be counted too, and slow.
    for name in ("aiohttp", "cbor2", "cryptography", "tortoise", "banshi.testing", "banshi.app"):
        importlib.import_module(name)
    module = instrumented(atheris, target)

    def kept(data: bytes) -> None:
        try:
            module.run(data)
        except BaseException:
            # libFuzzer itself leaves nothing where the process ends by a Python exception.
            (FOUND / target / f"crash-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            raise

    atheris.Setup(sys.argv, kept)
    atheris.Fuzz()


def instrumented(atheris: ModuleType, target: str) -> ModuleType:
    """The target's module, once every function of the modules that are counted tells where it goes."""
    module = importlib.import_module(TARGETS[target])
    for name in module.MODULES:
        counted = importlib.import_module(name)
        own = [one for one in vars(counted).values() if getattr(one, "__module__", None) == name]
        members = [member for one in own if isinstance(one, type) for member in vars(one).values()]
        for function in map(function_of, [*own, *members]):
            if function is not None:
                atheris.instrument_func(function)
    return module


def function_of(one: object) -> FunctionType | None:
    """The function in whatever wraps it."""
    inner = getattr(one, "__func__", None) or getattr(one, "fget", None) or one
    return inner if isinstance(inner, FunctionType) and "/" in inner.__code__.co_filename else None


def replay(target: str, corpus: Path) -> None:
    run = importlib.import_module(TARGETS[target]).run
    for one in sorted(corpus.iterdir()):
        run(one.read_bytes())


if __name__ == "__main__":
    told = os.environ.pop(INSIDE, "")
    if told.startswith("replay "):
        replay(told.removeprefix("replay "), Path(sys.argv[1]))
    elif told:
        inside(told)
    else:
        sys.exit(main())
