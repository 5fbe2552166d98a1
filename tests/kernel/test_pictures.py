"""Pictures written anew: nothing of who took them, upright, bounded, and no bomb goes off."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from banshi.errors import TooLarge
from banshi.pictures import MOST_POINTS, MOST_SCANS, UnreadablePicture, cleaned

MARK = b"MARKER-4711"
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + MARK + b"</x:xmpmeta>"


def exif(orientation: int = 1) -> Image.Exif:
    """What a camera writes: itself, its owner, the place, and how it was held."""
    data = Image.Exif()
    data[0x010F], data[0x0110], data[0x013B] = MARK.decode(), MARK.decode(), MARK.decode()
    data[0x0112] = orientation
    place = data.get_ifd(0x8825)
    place[1], place[2] = "N", (31.0, 28.0, 1.5)
    place[29] = MARK.decode()
    return data


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def two_halves(mode: str = "RGB", size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return picture.convert(mode)


def marked_png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", MARK.decode())
    info.add_itxt("XML:com.adobe.xmp", MARK.decode(), zip=False)
    return saved(two_halves(), "PNG", pnginfo=info, exif=exif()) + MARK


def marked_jpeg(**options: Any) -> bytes:
    given = {"exif": exif(), "comment": MARK, "icc_profile": MARK * 20, "xmp": XMP, **options}
    return saved(two_halves(), "JPEG", **given) + MARK


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (marked_jpeg(), "image/jpeg"),
        (marked_jpeg(progressive=True), "image/jpeg"),
        (saved(two_halves("CMYK"), "JPEG", exif=exif(), icc_profile=MARK * 20), "image/jpeg"),
        (saved(two_halves("L"), "JPEG", exif=exif()), "image/jpeg"),
        (
            saved(two_halves(), "MPO", save_all=True, append_images=[two_halves()], exif=exif(), comment=MARK),
            "image/jpeg",
        ),
        (marked_png(), "image/png"),
        (saved(two_halves("P"), "PNG", exif=exif()), "image/png"),
        (saved(two_halves("I;16"), "PNG", exif=exif()), "image/png"),
        (saved(two_halves(), "PNG", save_all=True, append_images=[two_halves("L")], exif=exif()), "image/png"),
        (saved(two_halves(), "WEBP", exif=exif(), xmp=XMP, icc_profile=MARK * 20), "image/jpeg"),
        (saved(two_halves(), "WEBP", save_all=True, append_images=[two_halves("L")], exif=exif()), "image/jpeg"),
    ],
    ids=[
        *("jpeg", "progressive", "cmyk", "grey", "two-pictures"),
        *("png", "palette", "sixteen-bit", "animated-png", "webp", "animated-webp"),
    ],
)
async def test_nothing_but_the_points_of_a_picture_is_left(content: bytes, media_type: str) -> None:
    assert MARK in content
    clean = await cleaned(content)
    assert (clean.media_type, clean.width, clean.height) == (media_type, 80, 40)
    assert MARK not in clean.content
    assert b"Exif" not in clean.content
    assert b"eXIf" not in clean.content
    again = opened(clean.content)
    assert again.get_format_mimetype() == media_type
    assert not again.getexif()
    assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert getattr(again, "n_frames", 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_is_upright_whichever_way_the_phone_was_held(orientation: int) -> None:
    """The same picture, turned by all eight ways that EXIF 2.32 knows (section 4.6.4, tag 274)."""
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = two_halves().transpose(turn[orientation]) if orientation in turn else two_halves()
    clean = await cleaned(saved(held, "JPEG", exif=exif(orientation), quality=95))
    assert (clean.width, clean.height) == (80, 40)
    left, right = (opened(clean.content).getpixel(place) for place in ((10, 20), (70, 20)))
    assert left[0] > 200 > 60 > left[2]  # type: ignore[index]
    assert right[2] > 200 > 60 > right[0]  # type: ignore[index]


async def test_a_large_picture_becomes_as_large_as_asked_and_a_small_one_stays() -> None:
    large = await cleaned(saved(two_halves(size=(4000, 1000)), "JPEG"), longest=1000)
    assert (large.width, large.height) == (1000, 250)
    small = await cleaned(saved(two_halves(size=(30, 7)), "PNG"), longest=1000)
    assert (small.width, small.height) == (30, 7)


async def test_what_can_be_seen_through_stays_so() -> None:
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    for form in ("PNG", "WEBP"):
        clean = await cleaned(saved(clear, form, exif=exif()))
        assert clean.media_type == "image/png"
        assert opened(clean.content).getpixel((5, 5))[3] == 0  # type: ignore[index]


async def test_a_png_of_noise_becomes_a_jpeg_before_it_becomes_huge() -> None:
    noise = Image.effect_noise((2300, 2300), 200).convert("RGB")
    clean = await cleaned(saved(Image.merge("RGB", [noise.getchannel(0)] * 3), "PNG", compress_level=1))
    assert clean.media_type == "image/jpeg"
    assert len(clean.content) < 6_000_000


# -- bombs ---------------------------------------------------------------------------------------------------------


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG of grey points whose head says any size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(7072, 7072), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (MOST_POINTS + 1, 1)])
async def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    started = time.perf_counter()
    with pytest.raises(TooLarge) as told:
        await cleaned(png(*size, bytes(1000)))
    assert told.value.members == {"points": MOST_POINTS}
    assert time.perf_counter() - started < 1


async def test_a_jpeg_of_endless_passes_is_refused() -> None:
    whole = saved(two_halves(), "JPEG", progressive=True)
    begins = whole.rindex(b"\xff\xda")
    scan = whole[begins : whole.rindex(b"\xff\xd9")]
    assert (await cleaned(whole[:begins] + scan * 5 + b"\xff\xd9")).width == 80
    with pytest.raises(UnreadablePicture):
        await cleaned(whole[:begins] + scan * (MOST_SCANS + 1) + b"\xff\xd9")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff\xe0" + bytes(50),
        marked_jpeg()[:300],
        saved(two_halves(size=(800, 800)), "JPEG", quality=95)[:2000],
        saved(two_halves(), "PNG")[:60],
        png(100, 100, bytes(20)),
        saved(two_halves(), "GIF"),
        saved(two_halves(), "TIFF"),
        saved(two_halves(), "WEBP")[:40],
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(64),
    ],
)
async def test_what_is_no_whole_picture_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(UnreadablePicture, match="save it as JPEG or PNG") as told:
        await cleaned(content)
    assert told.value.document()["code"] == "unreadable-picture"


async def test_the_loop_goes_on_meanwhile() -> None:
    photo = saved(Image.effect_noise((4000, 3000), 60).convert("RGB"), "JPEG")
    work = asyncio.gather(*(cleaned(photo) for _ in range(3)))
    longest, before = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(0.001)
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
    assert all(one.width == 2560 for one in work.result())
    # All three together would hold it for more than a second.
    assert longest < 0.6
