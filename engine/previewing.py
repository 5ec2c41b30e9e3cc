"""Makes small pictures of images, in a process of its own: nothing that an image does can harm more than that process.

Images are hostile input for decoders, so they are opened here only: by formats of a short list, never larger than
`MAX_PIXELS`, and with little memory to take. The process answers until it is idle for a while, or its parent ends.

::

    child -> parent   a line that says that it is ready, once
    parent -> child   width (0: no picture), length, the image
    child -> parent   a line of JSON, with the length of what follows: the picture, as WebP
"""

import json
import resource
import select
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from typing import Any, BinaryIO

# All that a format takes is imported at once: when an image is opened no file can be opened any more.
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from engine.previews import ASKED, READY, Measures

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
_NEEDED = (
    AvifImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
MAX_PIXELS = 50_000_000  # of an image that is decoded
TALL = 2  # a preview may be so many times as tall as it is wide
ROUGH = (
    4  # times the size of a picture, to which an image of palette colours is brought by leaving out pixels
)
QUALITY = 82  # of WebP, from 100
MEMORY = 1_000_000_000  # bytes of addresses that the process may take
IDLE = 30.0  # seconds without a question, after which it ends


class UnreadableError(Exception):
    """It is no image of those formats, is too large, or is broken."""


def preview(content: bytes, width: int) -> tuple[Measures, bytes]:
    """Make a picture of an image that is at most *width* pixels wide, and `TALL` times as tall; never a larger one.

    Returns:
        What the image is, and the picture as WebP: its first frame, in sRGB, without what else the file tells. The
        picture is empty where *width* is 0.

    Raises:
        UnreadableError: There is none of it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken metadata, which is not used
            return _preview(content, width)
    except UnreadableError:
        raise
    except Exception as error:  # what decoders say of broken images is of many kinds
        raise UnreadableError(type(error).__name__) from error


def _preview(content: bytes, width: int) -> tuple[Measures, bytes]:
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise UnreadableError("too many pixels")
        measures = _measures(image)
        if not width:
            return measures, b""
        turned = measures.width == image.height and measures.width != image.width
        box = (width, TALL * width)
        box = box[::-1] if turned else box
        if image.mode not in _PLAIN:  # it has to become colours first, and would be large then
            image.thumbnail((ROUGH * box[0], ROUGH * box[1]), Image.Resampling.NEAREST)
        small = image if image.mode in _PLAIN else _plain(image)
        small.thumbnail(box, Image.Resampling.LANCZOS)
        small = _in_srgb(ImageOps.exif_transpose(small), image.info.get("icc_profile"))
        small.info.clear()
        made = BytesIO()
        small.save(made, "WEBP", quality=QUALITY, method=4)
        return measures, made.getvalue()


_PLAIN = frozenset(("L", "RGB", "RGBA", "CMYK"))


def _measures(image: Image.Image) -> Measures:
    width, height = image.size
    with suppress(Exception):  # EXIF that cannot be read turns nothing
        if image.getexif().get(0x0112, 1) in {5, 6, 7, 8}:
            width, height = height, width
    return Measures(width, height, image.format or "", bool(getattr(image, "is_animated", False)))


def _plain(image: Image.Image) -> Image.Image:
    """Return an image whose pixels can be joined to fewer ones."""
    kept = image.getexif()
    if image.mode.startswith("I"):  # 16 bits of grey
        made = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"1", "F"}:
        made = image.convert("L")
    else:
        made = image.convert("RGBA" if image.has_transparency_data else "RGB")
    made.getexif()[0x0112] = kept.get(0x0112, 1)
    return made


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an image in the colours that browsers take for granted."""
    if profile:
        with suppress(ImageCms.PyCMSError, ValueError, OSError):
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            bare = image.convert("RGB") if alpha is not None else image
            made = ImageCms.profileToProfile(bare, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if made is not None:
                if alpha is not None:
                    made.putalpha(alpha)
                return made
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


# -- the process


def answer(source: BinaryIO = sys.stdin.buffer, sink: BinaryIO = sys.stdout.buffer) -> None:
    """Be the child: answer until nothing is asked for a while."""
    _confine()
    sink.write(READY)
    sink.flush()
    while select.select([source], [], [], IDLE)[0]:
        asked = source.read(ASKED.size)
        if len(asked) < ASKED.size:
            return
        width, length = ASKED.unpack(asked)
        content = source.read(length)
        if len(content) < length:
            return
        said: Mapping[str, Any]
        try:
            measures, made = preview(content, width)
            said = asdict(measures)
        except (UnreadableError, MemoryError):
            said, made = {}, b""
        try:
            sink.write(json.dumps({**said, "length": len(made)}).encode() + b"\n" + made)
            sink.flush()
        except BrokenPipeError:
            return


def _confine() -> None:
    """Give up what a picture never takes: much memory, files, traces on the disk."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    Image.preinit()
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
