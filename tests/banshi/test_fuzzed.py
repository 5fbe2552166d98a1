"""What the fuzzer begins with and what it has found goes through every run of the tests, and its judges do judge.

`benchmarks/fuzz.py` tries new inputs; what it finds is kept in `fuzzed/<target>` beside this file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cbor2
import pytest

from banshi.builtin.passes.wire import base45, cbor
from banshi.builtin.uploads import receiving
from benchmarks import fuzz_multipart, fuzz_pass
from tests.places import ROOT

KEPT = Path(__file__).with_name("fuzzed")

TARGETS = {"pass": fuzz_pass, "multipart": fuzz_multipart}


def inputs() -> Iterator[Any]:
    for name, module in TARGETS.items():
        for number, seed in enumerate(module.seeds()):
            yield pytest.param(module, seed, id=f"{name}-seed-{number}")
        for file in sorted((KEPT / name).glob("*")):
            yield pytest.param(module, file.read_bytes(), id=f"{name}-{file.name}")


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
@pytest.mark.parametrize(("module", "data"), list(inputs()))
def test_every_promise_holds_of_what_was_found_and_of_what_the_fuzzer_begins_with(
    module: ModuleType, data: bytes, fresh: None
) -> None:
    module.run(data)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A loop and a folder of this test's own."""
    with asyncio.Runner() as runner:
        monkeypatch.setattr(fuzz_multipart, "RUNNER", runner)
        yield
        fuzz_multipart.FOLDER.taken()


def longer(payload: bytes) -> bytes:
    """The same payload with its first key in two bytes."""
    assert payload[1] == 1
    return payload[:1] + b"\x18\x01" + payload[2:]


def lenient(data: bytes) -> Any:
    return cbor2.loads(data)


def behind_the_signature() -> bytes:
    protected, _, payload, _ = cbor.load(fuzz_pass.PASSES[0][1:])
    return b"\x03" + bytes([len(protected)]) + protected + longer(payload)


class Gullible:
    """A key that takes any signature."""

    curve = fuzz_pass.KEY.curve

    def verify(self, *_: object) -> None:
        """It fits."""


def lower() -> bytes:
    return b"\x00" + fuzz_pass.TEXTS[0].lower().replace("bs1:", "BS1:", 1).encode()


def another_plate() -> bytes:
    plates = [plate.encode() for plate in ("川B12345", "川B12346")]
    assert plates[0] in fuzz_pass.PASSES[0]
    return fuzz_pass.PASSES[0].replace(*plates)


DECODE = base45.decode

#: What makes a verifier too lenient, and an input that the real one refuses.
LENIENT: dict[str, tuple[Any, str, Any, bytes]] = {
    "takes another spelling": (cbor, "load", lenient, behind_the_signature()),
    "takes what follows": (cbor, "load", lambda data: lenient(data.rstrip(b"~")), b"\x01" + fuzz_pass.PASSES[0] + b"~"),
    "folds lower case": (base45, "decode", lambda text: DECODE(text.upper()), lower()),
    "takes any signature": (fuzz_pass, "KEYS", {fuzz_pass.KID: Gullible()}, b"\x01" + another_plate()),
}


@pytest.mark.parametrize("how", LENIENT)
def test_a_verifier_that_is_too_lenient_is_found_out(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, name, wrong, data = LENIENT[how]
    fuzz_pass.run(data)
    monkeypatch.setattr(place, name, wrong)
    with pytest.raises(AssertionError):
        fuzz_pass.run(data)


@pytest.mark.parametrize("wrong", ["more", "left", "beside", "name", "exception"])
def test_an_upload_that_gives_more_or_leaves_something_is_found_out(
    wrong: str, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = next(iter(fuzz_multipart.seeds()))
    fuzz_multipart.run(good)
    receive = receiving.receive
    folder = fuzz_multipart.FOLDER

    async def received(place: Path, chunks: Any, limit: int) -> Any:
        done = await receive(place, chunks, limit)
        match wrong:
            case "more":
                with (place / str(done.id)).open("ab") as file:
                    file.write(b"more")
            case "left":
                (place / "half.part").write_bytes(b"x")
            case "beside":
                (folder.around / "passwd").write_bytes(b"x")
            case "exception":
                raise LookupError
        return done

    monkeypatch.setattr(receiving, "receive", received)
    if wrong == "name":
        monkeypatch.setattr(fuzz_multipart.door, "shown_name", lambda _: "../../etc/passwd")
    try:
        with pytest.raises(LookupError if wrong == "exception" else AssertionError):
            fuzz_multipart.run(good)
    finally:
        (folder.around / "passwd").unlink(missing_ok=True)
        folder.taken()


def test_without_atheris_the_fuzzer_says_that_nothing_is_fuzzed() -> None:
    code = "import sys; sys.modules['atheris'] = None; sys.path.insert(0, 'benchmarks'); sys.argv[1:] = ['--short']"
    code += "; import importlib.util as u; u.find_spec = lambda name: None; import fuzz; sys.exit(fuzz.main())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "atheris has no wheel for this Python or system: nothing is fuzzed\n")
