"""Pictures written anew: nothing of who took them, upright, bounded, and no bomb goes off."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from banshi.builtin.uploads.points import MAX_POINTS
from banshi.foundation.errors import TooLarge
from banshi.kinds.pictures import MAX_SCANS, MAX_WHOLE_POINTS, UnreadablePicture, cleaned
from banshi.testing import Door

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


async def test_a_large_picture_is_upright_too() -> None:
    for content in (
        saved(two_halves(size=(4000, 2000)), "JPEG", exif=exif(6), quality=95),
        saved(two_halves("P", size=(4000, 2000)), "PNG", exif=exif(6)),
    ):
        clean = await cleaned(content, longest=100)
        assert (clean.width, clean.height) == (50, 100)
        top, below = (opened(clean.content).convert("RGB").getpixel((25, at)) for at in (10, 90))
        assert top[0] > 200 > 60 > top[2]  # type: ignore[index]
        assert below[2] > 200 > 60 > below[0]  # type: ignore[index]


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


@pytest.mark.parametrize("size", [(4001, 4000), (20_000, 20_000), (2**31 - 1, 2**31 - 1), (MAX_WHOLE_POINTS + 1, 1)])
async def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    started = time.perf_counter()
    with pytest.raises(TooLarge) as told:
        await cleaned(png(*size, bytes(1000)))
    assert told.value.members == {"points": MAX_WHOLE_POINTS}
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("size", [(60_000, 60_000), (MAX_POINTS + 1, 1), (2**31 - 1, 2**31 - 1)])
async def test_a_case_s_picture_is_counted_by_the_same_rule_and_nothing_of_it_is_kept(
    bare_door: Door, size: tuple[int, int]
) -> None:
    wang, folder = bare_door.citizen("wang"), bare_door.platform.settings.attachments_folder
    refused = (await wang.upload(png(*size, bytes(1000)), "scan.png")).problem(413, "too-large")
    assert refused["points"] == MAX_POINTS
    assert "5000万像素" in refused["detail"]
    assert list(folder.iterdir()) == []
    # A scan of A4 at 600 dots an inch, and what Pillow can't read: staff look at it as before.
    (await wang.upload(png(4_960, 7_016), "scan.png")).created()
    (await wang.upload(png(100, 100)[:40], "scan.png")).created()


def disguised(progressive: bytes) -> bytes:
    """With an escaped 0xFF behind its first segment, and the head of one of a single pass as far on as that may say."""
    content = progressive[:20] + b"\xff\x00" + progressive[20:]
    skipped = 22 + int.from_bytes(content[22:24], "big")
    return content[:skipped].ljust(skipped, b"\0") + saved(two_halves("L"), "JPEG")[20:]


@pytest.mark.parametrize(
    ("content", "most"),
    [
        (lambda: saved(Image.new("L", (5001, 10_000)), "JPEG"), MAX_POINTS),
        (lambda: saved(Image.new("L", (5000, 5000)), "JPEG", progressive=True), MAX_WHOLE_POINTS),
        (lambda: saved(Image.new("RGB", (5000, 5000)), "WEBP", lossless=True, method=0), MAX_WHOLE_POINTS),
        (lambda: b"\xff\xd8\xff" + saved(Image.new("L", (5001, 10_000)), "JPEG")[2:], MAX_POINTS),
        # What a decoder skips, and whoever takes it for a segment of 65,000 bytes reads what stands behind.
        (lambda: disguised(saved(Image.new("L", (5000, 5000)), "JPEG", progressive=True)), MAX_WHOLE_POINTS),
    ],
    ids=["jpeg", "progressive", "webp", "filled", "disguised"],
)
async def test_what_its_decoder_keeps_whole_may_have_fewer_points(content: Callable[[], bytes], most: int) -> None:
    with pytest.raises(TooLarge, match=f"at most {most // 1_000_000} million points") as told:
        await cleaned(content())
    assert told.value.members == {"points": most}
    assert f"{most // 10_000}万像素" in told.value.document("zh-CN")["detail"]


@pytest.mark.parametrize(
    ("size", "form", "options"),
    [
        ((8064, 6048), "JPEG", {}),
        ((4080, 3072), "JPEG", {"progressive": True, "restart_marker_blocks": 9}),
        ((1080, 12_000), "PNG", {}),
        ((4032, 3024), "PNG", {}),
    ],
    ids=["largest-camera", "progressive", "long-screenshot", "photo-as-png"],
)
async def test_what_phones_make_is_read(size: tuple[int, int], form: str, options: Any) -> None:
    clean = await cleaned(saved(Image.new("RGB", size, "red"), form, **options))
    assert max(clean.width, clean.height) == 2560


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the most that was in memory")
@pytest.mark.parametrize(
    ("picture", "most"),
    [
        (lambda: saved(Image.new("RGBA", (4000, 4000), (9, 9, 9, 99)), "PNG"), 220),
        (lambda: saved(Image.new("RGBA", (4000, 4000), (9, 9, 9, 99)), "WEBP", lossless=True, method=0), 350),
        (lambda: saved(Image.new("RGB", (8064, 6048), "red"), "JPEG"), 130),
    ],
    ids=["png", "webp", "photo"],
)
def test_a_picture_takes_no_more_memory_than_is_said(tmp_path: Path, picture: Callable[[], bytes], most: int) -> None:
    (tmp_path / "picture").write_bytes(picture())
    told = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / "picture"], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(told.stdout) < most


#: What one picture adds to the most that a process has had in memory, in MB.
PEAK = """
import asyncio, re, sys
from pathlib import Path
from PIL import Image, WebPImagePlugin, PngImagePlugin, JpegImagePlugin
from banshi.kinds.pictures import cleaned
def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
content = Path(sys.argv[1]).read_bytes()
Path("/proc/self/clear_refs").write_text("5")
before = most()
asyncio.run(cleaned(content))
print(most() - before)
"""


async def test_what_has_one_colour_for_transparency_or_a_palette_is_made_smaller_as_it_looks() -> None:
    striped = Image.new("P", (4000, 10))
    striped.putpalette([255, 0, 0, 0, 0, 255])
    for left in range(0, 4000, 2):
        striped.paste(1, (left, 0, left + 1, 10))
    clean = await cleaned(saved(striped, "PNG"), longest=100)
    middle = opened(clean.content).convert("RGB").getpixel((50, 0))
    assert all(100 < one < 160 for one in (middle[0], middle[2]))  # type: ignore[index]
    clear = await cleaned(saved(two_halves(size=(400, 200)), "PNG", transparency=(255, 0, 0)), longest=100)
    assert [opened(clean.content).getpixel((at, 20))[3] for clean in (clear,) for at in (10, 90)] == [0, 255]  # type: ignore[index]


async def test_a_jpeg_of_endless_passes_is_refused() -> None:
    whole = saved(two_halves(), "JPEG", progressive=True)
    begins = whole.rindex(b"\xff\xda")
    scan = whole[begins : whole.rindex(b"\xff\xd9")]
    assert (await cleaned(whole[:begins] + scan * 5 + b"\xff\xd9")).width == 80
    with pytest.raises(UnreadablePicture):
        await cleaned(whole[:begins] + scan * (MAX_SCANS + 1) + b"\xff\xd9")


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
