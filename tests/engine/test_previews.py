"""Small pictures of images: right as pictures, cheap to ask for again, and no image can harm who opens it."""

import os
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import GifImagePlugin, Image, ImageCms

from engine import previewing, previews
from engine.errors import NotReadyError
from engine.previewing import MAX_PIXELS, UnreadableError, preview
from engine.previews import Measures, Previews
from tests import images
from tests.images import image


def opened(picture: bytes) -> Image.Image:
    found = Image.open(BytesIO(picture))
    assert found.format == "WEBP"
    return found


def near(pixel: object, colour: tuple[int, ...], within: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(int(a) - b) <= within for a, b in zip(pixel, colour, strict=False))


# -- as pictures


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_a_picture_has_the_width_that_is_asked_for(kind: str) -> None:
    measures, picture = preview(image(600, 300, kind), 160)
    assert measures == Measures(600, 300, kind, animated=False)
    small = opened(picture)
    assert small.size == (160, 80)
    assert near(small.convert("RGB").getpixel((80, 40)), (40, 90, 160))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((100, 50), (100, 50)), ((160, 320), (160, 320)), ((400, 1_600), (80, 320)), ((1, 5_000), (1, 320))],
)
def test_no_picture_is_larger_than_its_image_or_much_taller_than_wide(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert opened(preview(image(*size), 160)[1]).size == expected


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixels_gives_a_picture(mode: str) -> None:
    measures, picture = preview(image(300, 200, mode=mode), 160)
    assert (measures.width, measures.height) == (300, 200)
    assert opened(picture).size == (160, 107)


def test_grey_of_16_bits_is_not_white() -> None:
    made = Image.new("I;16", (10, 10), 20_000)
    picture = opened(preview(images.encoded(made, "PNG"), 160)[1])
    assert near(picture.convert("RGB").getpixel((5, 5)), (78, 78, 78))


def test_what_can_be_seen_through_stays_so() -> None:
    picture = opened(preview(image(300, 200, mode="RGBA"), 160)[1])
    assert picture.mode == "RGBA"
    assert near(picture.getpixel((80, 50)), (40, 90, 160, 128))


def test_cmyk_becomes_what_browsers_show() -> None:
    picture = opened(preview(image(300, 200, "JPEG", "CMYK"), 160)[1])
    assert near(picture.convert("RGB").getpixel((80, 50)), (255, 0, 0), 40)


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "Ada's garden"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)  # where it was taken
    made = Image.new("RGB", (400, 200), "white")
    made.paste((200, 0, 0), (0, 0, 200, 100))  # the upper left quarter is red
    return images.encoded(made, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [
        (1, (160, 80), (20, 10)),
        (3, (160, 80), (140, 70)),
        (6, (160, 320), (140, 20)),
        (8, (160, 320), (20, 300)),
    ],
)
def test_a_photo_stands_upright(orientation: int, size: tuple[int, int], red: tuple[int, int]) -> None:
    measures, picture = preview(turned(orientation), 160)
    assert (measures.width, measures.height) == ((400, 200) if size[0] > size[1] else (200, 400))
    small = opened(picture)
    assert small.size == size
    assert near(small.convert("RGB").getpixel(red), (200, 0, 0), 40)


def test_a_picture_tells_nothing_but_what_it_shows() -> None:
    content = turned(6)
    assert b"garden" in content
    picture = preview(content, 160)[1]
    assert b"garden" not in picture
    assert not opened(picture).getexif()
    assert "icc_profile" not in opened(picture).info


def test_the_colours_of_a_profile_are_honoured() -> None:
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    for profile in (srgb.tobytes(), swapped.tobytes(), b"no profile at all"):
        picture = opened(preview(image(300, 200, icc_profile=profile), 160)[1])
        assert near(picture.convert("RGB").getpixel((80, 50)), (40, 90, 160))


def test_of_a_film_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    content = images.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    measures, picture = preview(content, 160)
    assert measures.animated
    assert near(opened(picture).convert("RGB").getpixel((20, 20)), (255, 0, 0), 30)


def test_without_a_width_only_the_measures_are_told() -> None:
    assert preview(image(300, 200), 0) == (Measures(300, 200, "PNG", animated=False), b"")


# -- hostile images

HOSTILE = {
    "empty": b"",
    "no image": b"x" * 1_000,
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "cut off": image(300, 200)[:200],
    "cut off in its pixels": image(900, 900, "JPEG")[:-500],
    "too many pixels": images.png_bomb(60_000, 60_000),
    "too many pixels in a file that holds them": images.png_bomb(20_000, 20_000),
    "one pixel wide": images.png_bomb(1, 1_000_000_000, body=False),
    "one pixel tall": images.png_bomb(1_000_000_000, 1, body=False),
    "negative": images.png_bomb(0xFFFFFFFF, 0xFFFFFFFF, body=False),
    "no size": images.png_bomb(0, 0),
    "a GIF that is too large": b"GIF89a\xff\xff\xff\xff\xf0\x00\x00" + bytes(100),
    "HTML that begins as a GIF": images.GIF_HTML,
    "SVG": images.SVG,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(/etc/passwd) run\n",
    "TIFF": image(30, 20, "TIFF"),
    "BMP": image(30, 20, "BMP"),
    "text that swells": b"\x89PNG\r\n\x1a\n"
    + images.chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0")
    + images.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000), 9))
    + images.chunk(b"IDAT", zlib.compress(bytes(4)))
    + images.chunk(b"IEND", b""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_has_no_picture(name: str) -> None:
    with pytest.raises(UnreadableError):
        preview(HOSTILE[name], 160)


def test_of_a_film_of_ten_thousand_frames_two_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    seek = GifImagePlugin.GifImageFile._seek

    def noted(self: GifImagePlugin.GifImageFile, frame: int, update_image: bool = True) -> None:
        looked_at.append(frame)
        seek(self, frame, update_image)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "_seek", noted)
    measures, picture = preview(images.gif_film(10_000), 160)
    assert measures.animated
    assert opened(picture).size == (1, 1)
    assert set(looked_at) <= {0, 1}


def test_the_largest_image_that_is_opened_fits_into_the_memory_of_the_process(
    made: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "SECONDS", 120.0)
    side = int(MAX_PIXELS**0.5)
    for mode in ("P", "RGBA"):
        content = images.encoded(Image.new(mode, (side, side)), "PNG", compress_level=1)
        assert made.picture(f"{mode}{'0' * 39}", 1280, Reads(content)) is not None


# -- kept


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Previews]:
    found = Previews(tmp_path)
    yield found
    found.close()


class Reads:
    """Gives an image, and counts how often."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.content


BLOB = "ab" + "0" * 38


def test_a_picture_is_made_once(made: Previews, tmp_path: Path) -> None:
    read = Reads(image(600, 300))
    first = made.picture(BLOB, 160, read)
    assert first is not None
    assert opened(first).size == (160, 80)
    assert made.picture(BLOB, 160, read) == first
    other = Previews(tmp_path)  # another process
    assert other.picture(BLOB, 160, read) == first
    assert read.times == 1
    wider = made.picture(BLOB, 320, read)
    assert wider is not None
    assert opened(wider).size == (320, 160)


def test_only_some_widths_are_made(made: Previews) -> None:
    for width in (0, -1, 161, 10_000):
        with pytest.raises(ValueError):
            made.picture(BLOB, width, Reads(image(9, 9)))


def test_that_an_image_has_no_picture_is_remembered(made: Previews) -> None:
    read = Reads(HOSTILE["cut off"])
    for width in (160, 320, 160):
        assert made.picture(BLOB, width, read) is None
    assert made.measures(BLOB, read) is None
    assert read.times == 1


def test_measures_are_kept(made: Previews) -> None:
    read = Reads(image(600, 300))
    for _ in range(2):
        assert made.measures(BLOB, read) == Measures(600, 300, "PNG", animated=False)
    assert read.times == 1


def test_a_picture_that_was_cut_off_is_made_again(made: Previews, tmp_path: Path) -> None:
    read = Reads(image(600, 300))
    first = made.picture(BLOB, 160, read)
    (place,) = tmp_path.rglob("*.webp")
    place.write_bytes(b"")
    assert made.picture(BLOB, 160, read) == first
    assert read.times == 2


def test_pictures_are_this_users_alone(made: Previews, tmp_path: Path) -> None:
    made.picture(BLOB, 160, Reads(image(600, 300)))
    for path in (*tmp_path.glob("previews-*"), *tmp_path.rglob("*.webp")):
        assert path.stat().st_mode & 0o077 == 0


def test_of_many_pictures_those_that_nobody_looks_at_go(tmp_path: Path) -> None:
    made = Previews(tmp_path, 20 * (previews.FILE + 100))
    read = Reads(image(30, 30))
    for number in range(40):
        blob = f"{number:040x}"
        assert made.picture(blob, 160, read) is not None
        age = 10_000 - number
        for place in tmp_path.rglob(f"{blob}-160.webp"):
            os.utime(place, (time.time() - age, time.time() - age))
        if number >= 1:
            assert (
                made.picture("0" * 40, 160, read) is not None
            )  # somebody looks at the first again and again
    left = {path.name.partition("-")[0] for path in tmp_path.rglob("*.webp")}
    assert f"{0:040x}" in left
    assert f"{39:040x}" in left
    assert f"{1:040x}" not in left
    assert len(left) <= 20
    made.close()


def test_strange_files_among_the_pictures_are_no_matter(tmp_path: Path) -> None:
    made = Previews(tmp_path, 5 * (previews.FILE + 100))
    folder = tmp_path / f"previews-{previews.VERSION}"
    (folder / "00/folder").mkdir(parents=True)
    (folder / "nowhere").symlink_to("missing")
    (folder / ".DS_Store").write_text("strange")
    read = Reads(image(30, 30))
    for number in range(8):
        assert made.picture(f"{number:040x}", 160, read) is not None
    made._keep(folder / "00/new", b"picture")
    assert (folder / ".DS_Store").exists()
    assert len(list(tmp_path.rglob("*.webp"))) < 8
    made.close()


def test_what_cannot_be_kept_is_still_shown(made: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    assert made.picture(BLOB, 160, Reads(image(600, 300))) is not None


def test_who_waits_too_long_is_told_so(
    made: Previews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "TURN", 0.01)
    other = Previews(tmp_path)
    with other._turn.held(1), pytest.raises(NotReadyError):
        made.picture(BLOB, 160, Reads(image(9, 9)))
    assert made.picture(BLOB, 160, Reads(image(9, 9))) is not None


# -- the process


def child(made: Previews) -> int:
    process = made._child._process
    assert process is not None
    return process.pid


def test_a_child_that_was_killed_is_started_again(made: Previews) -> None:
    assert made.picture(BLOB, 160, Reads(image(600, 300))) is not None
    first = child(made)
    os.kill(first, 9)
    assert made.picture(BLOB, 320, Reads(image(600, 300))) is not None
    assert child(made) != first


def test_a_child_that_ended_as_it_was_idle_is_started_again(
    made: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = previews._CHILD.replace("answer()", "import engine.previewing as p; p.IDLE = 0.1; answer()")
    monkeypatch.setattr(previews, "_CHILD", code)
    for width in (160, 320):
        assert made.picture(BLOB, width, Reads(image(600, 300))) is not None
        time.sleep(0.5)
        process = made._child._process
        assert process is not None
        assert process.wait(5) == 0


ENDS = [
    "import time; time.sleep(60)",
    "import os; os._exit(1)",
    "print('{', flush=True)",
    "print('x' * 5000, flush=True)",
]


@pytest.mark.parametrize("does", ENDS)
def test_an_image_that_stalls_or_ends_the_child_twice_has_no_picture(
    made: Previews, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    read = Reads(image(600, 300))
    with monkeypatch.context() as patch:
        patch.setattr(previews, "SECONDS", 1.0)
        patch.setattr(previews, "_CHILD", f"print('ready', flush=True); {does}")
        for _ in range(2):
            assert made.picture(BLOB, 160, read) is None
    assert made.picture(BLOB, 160, read) is None
    assert read.times == 2


def test_an_image_that_a_child_ended_over_once_is_tried_again(
    made: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Reads(image(600, 300))
    with monkeypatch.context() as patch:
        patch.setattr(previews, "_CHILD", "print('ready', flush=True)")
        assert made.picture(BLOB, 160, read) is None
    assert made.picture(BLOB, 160, read) is not None


@pytest.mark.parametrize("does", [*ENDS, "no process"])
def test_a_child_that_cannot_be_started_is_no_fault_of_the_image(
    made: Previews, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    read = Reads(image(600, 300))
    with monkeypatch.context() as patch:
        patch.setattr(previews, "SECONDS", 0.2)
        if does == "no process":
            patch.setattr("engine.previews.subprocess.Popen", fail)
        patch.setattr(previews, "_CHILD", does)
        for _ in range(3):
            with pytest.raises(NotReadyError):
                made.picture(BLOB, 160, read)
    assert made.picture(BLOB, 160, read) is not None


def test_a_child_opens_no_files_and_takes_little_memory(made: Previews) -> None:
    made.picture(BLOB, 160, Reads(image(600, 300)))
    limits = Path(f"/proc/{child(made)}/limits")
    if not limits.exists():
        pytest.skip("this system does not tell the limits of a process")
    found = {line[:26].strip(): line[26:].split()[0] for line in limits.read_text().splitlines()}
    assert found["Max open files"] == "0"
    assert found["Max file size"] == "0"
    assert found["Max core file size"] == "0"
    assert int(found["Max address space"]) == previewing.MEMORY


def test_closing_ends_the_child(made: Previews) -> None:
    made.picture(BLOB, 160, Reads(image(600, 300)))
    process = made._child._process
    assert process is not None
    made.close()
    assert process.poll() is not None


def test_threads_take_turns(made: Previews) -> None:
    def ask(number: int) -> bytes | None:
        return made.picture(f"{number % 4:040x}", 160, Reads(image(600, 300 + 100 * (number % 4))))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(40)))
    assert None not in found
    assert len(set(found)) == 4
