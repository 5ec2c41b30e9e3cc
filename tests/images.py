"""Images for tests: ordinary ones, and those that were made to harm who opens them."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def image(width: int, height: int, kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return an image of one colour, with a pixel of another one in its upper left corner."""
    colour: Any = {"RGB": (40, 90, 160), "RGBA": (40, 90, 160, 128), "CMYK": (0, 255, 255, 0)}.get(mode, 100)
    made = Image.new(mode, (width, height), colour)
    return encoded(made, kind, **options)


def encoded(made: Image.Image, kind: str, **options: Any) -> bytes:
    """Return an image as a file."""
    written = BytesIO()
    made.save(written, kind, **options)
    return written.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int, *, body: bool = True) -> bytes:
    """Return a small PNG that says it is as large as this; its pixels are all alike, so they take little room."""
    header = struct.pack("!IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = b""
    if body:
        packer = zlib.compressobj(9)
        packed = (
            b"".join(packer.compress(bytes(1 + 4 * width)) for _ in range(min(height, 2_000)))
            + packer.flush()
        )
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def gif_film(frames: int) -> bytes:
    """Return a GIF of many frames of one pixel."""
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\xf0\x00\x00" + b"\x28\x5a\xa0\x00\x00\x00"
    frame = (
        b"\x21\xf9\x04\x00\x0a\x00\x00\x00"
        + b"\x2c"
        + bytes(4)
        + struct.pack("<HH", 1, 1)
        + b"\x00\x02\x02\x44\x01\x00"
    )
    return head + frame * frames + b"\x3b"


GIF_HTML = b"GIF89a/*" + b"\x00" * 8 + b"*/=1;//<html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
XHTML = b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'
PDF = b"%PDF-1.7\n<script>alert(1)</script>\n/OpenAction << /S /JavaScript /JS (app.alert(1)) >>\n%%EOF"
