"""What an upload is, by its first bytes."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from banshi.foundation.files.media_types import ACCEPTED, HEAD_BYTES, sniff


def picture(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(out, form, **options)
    return out.getvalue()


def heif(major: bytes, *compatible: bytes) -> bytes:
    """The first box of a HEIF file (ISO/IEC 14496-12, 4.3), and the beginning of the second."""
    body = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(body)) + b"ftyp" + body + b"\x00\x00\x0e\xd4meta" + bytes(16)


IPHONE = heif(b"heic", b"mif1", b"MiHB", b"MiHE", b"MiPr", b"miaf", b"heic", b"tmap")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG", progressive=True, icc_profile=b"x" * 200), "image/jpeg"),
        (b"\xff\xd8\xff\xe1\x0c\x58Exif\x00\x00", "image/jpeg"),
        (b"\xff\xd8\xff\xdb\x00\x43\x00", "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (picture("WEBP", lossless=True), "image/webp"),
        (picture("WEBP", exif=b"Exif\x00\x00II"), "image/webp"),
        (picture("PDF"), "application/pdf"),
        (b"%PDF-2.0\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (picture("GIF"), "image/gif"),
        (IPHONE, "image/heic"),
        (heif(b"heix", b"mif1", b"heix"), "image/heic"),
        (heif(b"mif1", b"heic", b"mif1"), "image/heic"),
        (heif(b"mif1", b"avif", b"miaf"), "image/avif"),
        (heif(b"avif", b"mif1", b"heic"), "image/avif"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(content: bytes, expected: str) -> None:
    assert sniff(content) == expected
    assert sniff(content[:HEAD_BYTES]) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x04tEXt",
        b"\xff\xd8\xffhello",
        b"%PDF",
        b"%PDF-junk",
        b"\xef\xbb\xbf%PDF-1.4",
        b"<html>%PDF-1.4",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"RIFF\x24\x00\x00\x00WEBPxxxx",
        heif(b"isom", b"isom", b"avc1"),
        heif(b"isom", b"heic"),
        b"\x00\x00\x00\x08ftypheic",
        b"PK\x03\x04" + bytes(26),
        b"MZ" + bytes(60),
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_whatever_else_is_nothing_that_we_know(content: bytes) -> None:
    assert sniff(content) is None


def test_what_is_hidden_behind_the_first_bytes_changes_nothing() -> None:
    assert sniff(picture("PNG") + picture("PDF")) == "image/png"
    assert sniff(picture("PDF") + picture("JPEG")) == "application/pdf"


def test_a_picture_that_citizens_may_not_upload_is_recognised_so_that_the_refusal_can_name_it() -> None:
    assert sniff(picture("GIF")) not in {None, *ACCEPTED}


@given(st.binary(max_size=64), st.sampled_from([b"", b"\x00\x00\xff\xf0ftypmif1", b"RIFF", b"\xff\xd8", b"%PDF-"]))
def test_no_bytes_make_it_fail(tail: bytes, start: bytes) -> None:
    found = sniff(start + tail)
    assert found in {None, "image/gif", "image/avif", *ACCEPTED}
