"""Fifty pictures of passes as a street gives them: tilted, blurred, in bad light, noisy, and with a drop on the glass.

They are kept, so that a decoder is held against the same ones for years. `python -m
tests.browser.street_pictures_drawn` draws them anew from their seed.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image, ImageFilter

from banshi.builtin.passes import holder
from banshi.builtin.passes.wire import cose, picture, shown
from banshi.builtin.passes.wire.cose import Credential

FOLDER = Path(__file__).with_name("street_pictures")
TEXTS = FOLDER / "texts.json"
SEED, COUNT, SIDE = 39, 50, 256
#: Grey levels of a picture that is kept: noise takes most of its bytes.
LEVELS = 8

ISSUER, PHONE = (ec.derive_private_key(secret, ec.SECP256R1()) for secret in (31, 32))
LABELS = ["plate", "zones", "class", "hours", "holder"]


def text_of(number: int) -> str:
    """A pass of version 9, and each second time what a phone shows of one, of version 12."""
    claims = {
        "plate": f"川B{12345 + number}",
        "zones": ["1"],
        "class": "light-truck",
        "hours": "9-17",
    }
    is_dynamic = number % 2 == 1
    point = holder.point_of(PHONE.public_key()) if is_dynamic else None
    about = ("510700", "zone-pass", 4711 + number, 1_790_000_000, None, 1_795_000_000, claims, point)
    text = cose.sign(Credential(*about), LABELS, key=ISSUER, kid=b"\x8a\x01\x5c\xe2")
    return shown.show(text, 1_790_000_000 + number, PHONE) if is_dynamic else text


def drawn(number: int, text: str) -> Image.Image:
    """The picture of that text, by its number alone."""
    chance = np.random.default_rng([SEED, number])
    code = Image.open(BytesIO(picture.png(text))).convert("L")
    near = _tilted(code, chance)
    pixels = np.asarray(near.filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 0.75))), dtype=float)
    dark, bright = chance.uniform(20, 70), chance.uniform(165, 235)
    (left, right), (top, bottom) = chance.uniform(0.75, 1.0, (2, 2))
    across = np.linspace(left, right, SIDE)[None, :] * np.linspace(top, bottom, SIDE)[:, None]
    pixels = (dark + pixels / 255 * (bright - dark)) * across + chance.normal(0, chance.uniform(2, 4.3), (SIDE, SIDE))
    if number % 5 == 0:
        _dirty(pixels, chance)
    step = 256 / LEVELS
    return Image.fromarray((np.floor(np.clip(pixels, 0, 255) / step) * step).astype("uint8"))


def _tilted(code: Image.Image, chance: np.random.Generator) -> Image.Image:
    """The code as it lies on a ground that a camera looks at askew."""
    size, margin = code.width, 12
    corners = np.array([(0, 0), (size, 0), (size, size), (0, size)], dtype=float)
    places = np.array(
        [(margin, margin), (SIDE - margin, margin), (SIDE - margin, SIDE - margin), (margin, SIDE - margin)],
        dtype=float,
    )
    angle = np.deg2rad(chance.uniform(-12, 12))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = (places - SIDE / 2) @ turn.T * chance.uniform(0.88, 0.96) + SIDE / 2 + chance.uniform(-8, 8, (4, 2))
    rows = []
    for (x, y), (u, v) in zip(places, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    found = np.linalg.solve(np.array(rows), corners.ravel())
    return code.transform((SIDE, SIDE), Image.Transform.PERSPECTIVE, [*found], Image.Resampling.BICUBIC, fillcolor=190)


def _dirty(pixels: Any, chance: np.random.Generator) -> None:
    """A drop on the glass, away from the three large squares."""
    x, y = chance.integers(SIDE // 2 - 12, SIDE // 2 + 50, 2)
    pixels[y : y + 12, x : x + 12] = 120


def main() -> None:
    texts = {}
    for number in range(COUNT):
        name, text = f"{number:02}.png", text_of(number)
        drawn(number, text).save(FOLDER / name, optimize=True)
        texts[name] = text
    TEXTS.write_text(json.dumps(texts, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
