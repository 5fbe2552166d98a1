"""Pictures by their fingerprints: the same after a chat has written it anew, no other one, and nothing hostile."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from likeness import apart, are_alike, fingerprint
from likeness.pictures import MAX_BITS, MAX_POINTS, MAX_SCANS, NoPicture, PictureTooLarge


def photo(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """Noise as photos have it, less of what is finer, in three colours."""
    chance = np.random.default_rng(seed)
    finer = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width)[None, :] ** 2
    finer[0, 0] = 1
    bands = []
    for _ in range(3):
        field = np.fft.ifft2(np.fft.fft2(chance.standard_normal((height, width))) / finer**0.55).real
        level = (field - field.min()) / (field.max() - field.min())
        bands.append(Image.fromarray((level * 255).astype("uint8")))
    return Image.merge("RGB", bands)


def page(seed: int) -> Image.Image:
    """A page of text."""
    chance = random.Random(seed)
    shown = Image.new("RGB", (300, 400), "white")
    drawn = ImageDraw.Draw(shown)
    for row in range(chance.randint(8, 20)):
        for n in range(chance.choice([36, 36, 20])):
            drawn.rectangle((20 + n * 7, 40 + row * 16, 25 + n * 7, 50 + row * 16), outline="black")
    return shown


def file(picture: Image.Image, sort: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, sort, **how)
    return out.getvalue()


def cropped(one: Image.Image, share: float) -> Image.Image:
    x, y = int(one.width * share), int(one.height * share)
    return one.crop((x, y, one.width - x, one.height - y))


WRITTEN_ANEW: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG": lambda one: file(one, "JPEG", quality=20),
    "WebP": lambda one: file(one, "WEBP", quality=60),
    "GIF": lambda one: file(one.quantize(256), "GIF"),
    "smaller": lambda one: file(one.resize((one.width // 3, one.height // 3)), "JPEG"),
    "grey": lambda one: file(one.convert("L"), "JPEG"),
    "through": lambda one: file(Image.merge("RGBA", (*one.split(), Image.new("L", one.size, 255)))),
}


@pytest.mark.parametrize("how", WRITTEN_ANEW)
async def test_a_picture_that_was_written_anew_is_the_same_one(how: str) -> None:
    for seed in range(12):
        kept, seen = [await fingerprint(one) for one in (file(photo(seed)), WRITTEN_ANEW[how](photo(seed)))]
        assert are_alike(kept, seen), (seed, apart(kept, seen))


async def test_other_pictures_are_others_and_so_is_what_was_cropped_or_mirrored() -> None:
    known = [await fingerprint(file(photo(seed))) for seed in range(60)]
    assert not any(are_alike(*two) for two in combinations(known, 2))
    much = [cropped(photo(0), 0.15), photo(0).transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    assert not any([are_alike(known[0], await fingerprint(file(one))) for one in much])


async def test_pages_of_text_look_alike_and_are_compared_as_files_alone() -> None:
    known = [await fingerprint(file(page(seed))) for seed in range(40)]
    assert not any(are_alike(*two) for two in combinations(known, 2))
    assert are_alike(known[0], await fingerprint(file(page(0))))
    assert not are_alike(known[0], await fingerprint(file(page(0), "JPEG")))
    plain = [await fingerprint(file(Image.new("RGB", (60, 40), colour))) for colour in ("white", "black")]
    assert not are_alike(*plain)


async def test_a_photo_that_is_turned_by_its_camera_is_looked_at_upright() -> None:
    sideways = photo(3).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = await fingerprint(file(sideways, "JPEG", exif=exif, quality=95))
    assert apart(await fingerprint(file(photo(3))), seen) <= MAX_BITS


async def test_of_what_moves_the_first_picture_counts() -> None:
    first, more = photo(1), [photo(seed) for seed in range(2, 60)]
    for sort in ("GIF", "WEBP", "PNG"):
        moving = file(first, sort, save_all=True, append_images=more)
        assert are_alike(await fingerprint(file(first)), await fingerprint(moving)), sort


async def test_what_is_no_picture_or_too_much_of_one_is_refused() -> None:
    right = file(photo(1), "JPEG")
    wide = file(Image.new("1", (MAX_POINTS // 1_000 + 1, 1_000)))
    assert len(wide) < 10_000
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for wrong in (
        b"",
        b"hello",
        svg,
        b"\x89PNG\r\n\x1a\n",
        right[:200],
        right + b"\xff\xda" * (MAX_SCANS + 1),
        b"GIF89a",
    ):
        with pytest.raises(NoPicture):
            await fingerprint(wrong)
    bomb = bytearray(file(Image.new("1", (8, 8))))
    bomb[16:24] = (2**31 - 1).to_bytes(4, "big") * 2
    for large in (wide, bytes(bomb)):
        with pytest.raises((PictureTooLarge, NoPicture)):
            await fingerprint(large)
    with pytest.raises(PictureTooLarge):
        await fingerprint(wide)


async def test_whatever_a_camera_s_notes_are_the_picture_is_read_or_said_to_be_none() -> None:
    chance, held = random.Random(7), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    photo(3).save(held, "JPEG", exif=exif)
    content = held.getvalue()
    for _ in range(300):
        odd = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            odd[chance.randrange(6, 80)] = chance.randrange(256)
        with suppress(NoPicture, PictureTooLarge):
            await fingerprint(bytes(odd))
    assert len(await fingerprint(content)) == 81
