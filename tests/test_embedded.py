"""What a file says about itself is read by a child that can do no harm, and is never an obstacle."""

import io
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger import embedded
from ledger.embedded import UNREADABLE, Embedded, read_embedded, read_many
from ledger.errors import Refused, Unavailable

NOTHING = Embedded(note=UNREADABLE)


def written(folder: Path, data: bytes, name: str = "evidence") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def photo(**exif: object) -> bytes:
    """A small JPEG with the EXIF values given by name."""
    tags = Image.Exif()
    sub, gps = tags.get_ifd(0x8769), tags.get_ifd(0x8825)
    for name, value in exif.items():
        place, number = {
            "make": (tags, 0x10F),
            "model": (tags, 0x110),
            "taken": (sub, 0x9003),
            "offset": (sub, 0x9011),
            "lat_ref": (gps, 1),
            "lat": (gps, 2),
            "lon_ref": (gps, 3),
            "lon": (gps, 4),
        }[name]
        place[number] = value
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=tags)
    return out.getvalue()


PLACE = {"lat_ref": "S", "lat": (33.0, 51.0, 24.5), "lon_ref": "W", "lon": (70.0, 0.0, 0.0)}

# As exiftool-like readers give them: 43 deg 28' 2.814" N is 43 + 28/60 + 2.814/3600.
REAL = {
    "DSCN0010.jpg": ("2008-10-22T16:28:39", "43.4674483", "11.8851267"),
    "DSCN0012.jpg": ("2008-10-22T16:29:49", "43.4671567", "11.885395"),
    "DSCN0021.jpg": ("2008-10-22T16:38:20", "43.4670817", "11.8845383"),
    "DSCN0025.jpg": ("2008-10-22T16:43:21", "43.468365", "11.881635"),
    "DSCN0042.jpg": ("2008-10-22T17:00:07", "43.464455", "11.8814783"),
}


@pytest.mark.parametrize("name", REAL)
def test_time_place_and_camera_of_a_real_photo_are_read(name: str, shared: Path) -> None:
    taken, latitude, longitude = REAL[name]
    found = read_embedded(shared / "evidence" / name)
    assert found == Embedded(taken, latitude, longitude, "NIKON COOLPIX P6000", "image/jpeg")


@pytest.mark.parametrize("name", REAL)
def test_pillow_reads_the_same_place_from_the_same_photo(name: str, shared: Path) -> None:
    with Image.open(shared / "evidence" / name) as image:
        gps = image.getexif().get_ifd(0x8825)
    found = read_embedded(shared / "evidence" / name)
    for text, values in ((found.latitude, gps[2]), (found.longitude, gps[4])):
        assert text is not None
        assert abs(float(text) - sum(float(x) / 60**n for n, x in enumerate(values))) < 1e-7


def test_a_make_that_the_model_repeats_is_said_once(shared: Path) -> None:
    assert read_embedded(shared / "evidence" / "jolla.jpg").camera == "Jolla"


def test_content_credentials_are_told_only_where_their_library_is_installed(shared: Path) -> None:
    valid = read_embedded(shared / "evidence" / "c2pa-adobe-20220124-CA.jpg")
    broken = read_embedded(shared / "evidence" / "c2pa-adobe-20220124-E-sig-CA.jpg")
    assert valid.note is broken.note is None
    try:
        import c2pa  # noqa: F401
    except ImportError:
        assert valid.c2pa is broken.c2pa is None
    else:
        assert (valid.c2pa, broken.c2pa) == ("valid", "invalid")


def test_an_offset_is_kept_where_the_camera_wrote_one(tmp_path: Path) -> None:
    data = photo(taken="2025:02:03 11:12:44", offset="+02:00")
    assert read_embedded(written(tmp_path, data)).time == "2025-02-03T11:12:44+02:00"


def test_south_and_west_are_negative(tmp_path: Path) -> None:
    found = read_embedded(written(tmp_path, photo(**PLACE)))
    assert (found.latitude, found.longitude) == ("-33.8568056", "-70")


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "2025:02:30 10:00:00", "2025:02:03 24:00:00", "yesterday", "    :  :     :  :  "]
)
def test_a_time_no_calendar_has_is_left_out(taken: str, tmp_path: Path) -> None:
    found = read_embedded(written(tmp_path, photo(taken=taken, make="A")))
    assert (found.time, found.camera) == (None, "A")


@pytest.mark.parametrize(
    "wrong",
    [{"lat_ref": "Q"}, {"lat_ref": ""}, {"lat": (91.0, 0.0, 0.0)}, {"lon": (180.0, 0.0, 0.1)}, {"lon": (1.0, 2.0)}],
)
def test_a_place_not_on_earth_is_left_out_whole(wrong: dict[str, object], tmp_path: Path) -> None:
    found = read_embedded(written(tmp_path, photo(**(PLACE | wrong))))
    assert (found.latitude, found.longitude, found.note) == (None, None, None)


@pytest.mark.parametrize(
    "data, media_type",
    [
        (b"", "application/octet-stream"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"PK\x03\x04" + bytes(30), "application/zip"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(99), "video/mp4"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (b"BM is how this note begins\n", "text/plain"),
        ("Свідчення: я бачила колону".encode(), "text/plain"),
        (("x" * 65535 + "é").encode(), "text/plain"),
        (b"<!DOCTYPE html><html><script>alert(1)</script>", "text/html"),
        (bytes(range(256)), "application/octet-stream"),
        (b"\x7fELF" + bytes(60), "application/octet-stream"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_the_media_type_comes_from_the_content(data: bytes, media_type: str, tmp_path: Path) -> None:
    found = read_embedded(written(tmp_path, data, "misleading.jpg"))
    assert found == Embedded(media_type=media_type)


def test_a_descriptor_is_read_from_its_beginning(tmp_path: Path) -> None:
    fd = os.open(written(tmp_path, photo(make="Sample")), os.O_RDONLY)
    try:
        os.lseek(fd, 100, os.SEEK_SET)
        assert read_embedded(fd).camera == "Sample"
    finally:
        os.close(fd)


def test_a_path_that_is_no_file_is_refused_like_everywhere(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused, match="named pipe"):
        read_embedded(tmp_path / "pipe")
    with pytest.raises(Unavailable, match="is not there"):
        read_embedded(tmp_path / "gone")


# --- hostile files -----------------------------------------------------------------------------------------


def test_a_photo_cut_off_anywhere_is_never_an_error(tmp_path: Path) -> None:
    data = photo(make="Sample", taken="2025:02:03 11:12:44", **PLACE)
    for end in range(0, len(data), max(1, len(data) // 25)):
        found = read_embedded(written(tmp_path, data[:end]))
        assert found.note in (None, UNREADABLE)


@settings(max_examples=30, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), min_size=1, max_size=8))
def test_a_damaged_photo_is_never_an_error_and_gives_only_values_in_form(
    flips: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(photo(make="Sample", taken="2025:02:03 11:12:44", **PLACE))
    for place, mask in flips:
        data[place] ^= mask
    found = read_embedded(written(tmp_path_factory.mktemp("flips"), bytes(data)))
    assert isinstance(found, Embedded)
    assert (found.latitude is None) == (found.longitude is None)
    assert found.camera is None or found.camera.isprintable()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_picture_that_claims_four_billion_pixels_a_side_costs_nothing(tmp_path: Path) -> None:
    size = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", size) + png_chunk(b"IDAT", zlib.compress(bytes(10**7)))
    started = time.monotonic()
    found = read_embedded(written(tmp_path, bomb))
    assert found.media_type == "image/png"
    assert time.monotonic() - started < 5


def test_a_tag_that_claims_two_billion_values_ends_with_a_note_or_nothing(tmp_path: Path) -> None:
    entry = struct.pack("<HHII", 0x10F, 5, 2**31 - 1, 8)
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 1) + entry + bytes(4)
    found = read_embedded(written(tmp_path, tiff))
    assert found.media_type in ("image/tiff", embedded.UNKNOWN_TYPE)
    assert found.camera is None


def test_names_in_the_metadata_cannot_act_on_a_terminal_or_mislead(tmp_path: Path) -> None:
    fake = reader(tmp_path, {"media_type": "image/jpeg", "camera": "A\x1b[31m\u202eB\ufeff\nC" + "x" * 500})
    found = run(fake, tmp_path)
    assert found.camera is not None
    assert found.camera.startswith("A[31mBCxxx")
    assert len(found.camera) == 200


# --- hostile readers ---------------------------------------------------------------------------------------


def reader(folder: Path, answer: object = None, code: str = "") -> Path:
    """A reader that has been taken over: it prints this answer, or runs this code."""
    script = code or f"print({json.dumps(json.dumps(answer))}, end='')"
    return written(folder, script.encode(), "reader.py")


def run(fake: Path, folder: Path, timeout_s: float = 10) -> Embedded:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_READER", fake)
        return read_embedded(written(folder, b"x"), timeout_s)


GOOD = '{"media_type": "image/png"}'


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(1)",
        "import os; os.kill(os.getpid(), 11)",
        f"print('{GOOD}'); raise SystemExit(1)",
        "pass",
        "print('garbage')",
        f"print('{GOOD} {GOOD}')",
        "print('[]')",
        "print('{}')",
        """print('{"media_type": 1}')""",
        """print('{"media_type": "a/b", "more": 1}')""",
        """print('{"media_type": "a/b", "camera": {"x": 1}}')""",
        "import sys; sys.stdout.buffer.write(b'\\xff\\xfe')",
        "print('{\"media_type\": \"' + 'x' * 20000 + '\"}')",
        "while True: print('x' * 1000)",
        "print('[' * 16000)",
    ],
)
def test_a_reader_that_fails_or_talks_nonsense_gives_a_note(code: str, tmp_path: Path) -> None:
    assert run(reader(tmp_path, code=code), tmp_path) == NOTHING


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        f"print('{GOOD}', flush=True); import time; time.sleep(60)",
        f"print('{GOOD}', flush=True); import os; os.fork() or __import__('time').sleep(60)",
        "import os, time\nwhile True: os.write(1, b' '); time.sleep(0.05)",
    ],
)
def test_a_reader_that_does_not_end_is_ended_in_time(code: str, tmp_path: Path) -> None:
    started = time.monotonic()
    assert run(reader(tmp_path, code=code), tmp_path, timeout_s=0.7) == NOTHING
    assert time.monotonic() - started < 5


def test_nothing_the_reader_started_outlives_it(tmp_path: Path) -> None:
    code = (
        "import os, time\n"
        f"if os.fork() == 0:\n    os.close(1); time.sleep(1); open({str(tmp_path / 'alive')!r}, 'w'); os._exit(0)\n"
        f"print('{GOOD}')"
    )
    assert run(reader(tmp_path, code=code), tmp_path).media_type == "image/png"
    time.sleep(1.3)
    assert not (tmp_path / "alive").exists()


def test_the_child_gets_no_environment_no_keys_and_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTODY_HOME", "/secret")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/secret")
    leak = os.open(written(tmp_path, b"key", "key"), os.O_RDONLY)
    os.set_inheritable(leak, True)
    code = (
        "import os, json, stat\n"
        "names = sorted(k for k in os.environ if k != 'LC_CTYPE')\n"
        "fds = [n for n in range(3, 256) if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "try:\n    os.write(0, b'x'); wrote = True\nexcept OSError:\n    wrote = False\n"
        "print(json.dumps({'media_type': 'a/b', 'camera': f'{names} {fds} {wrote} {os.getcwd()} {os.getsid(0) == os.getpid()}'}))"
    )
    try:
        assert run(reader(tmp_path, code=code), tmp_path).camera == "[] [] False / True"
    finally:
        os.close(leak)


def test_nothing_beside_the_reader_or_in_the_users_own_packages_is_imported(tmp_path: Path) -> None:
    written(tmp_path, b"raise SystemExit('taken over')", "json.py")
    code = "import json, sys; print(json.dumps({'media_type': 'a/b', 'camera': str(sys.flags.isolated)}))"
    assert run(reader(tmp_path, code=code), tmp_path).camera == "1"


def test_once_its_libraries_are_loaded_the_reader_can_open_write_and_start_nothing(tmp_path: Path) -> None:
    source = Path(embedded.__file__).with_name("embedded_reader.py").read_text()
    probe = (
        "def from_exif(_tags):\n"
        "    import socket\n"
        "    tried = []\n"
        "    for act in (lambda: open('/etc/hostname'), socket.socket, os.pipe):\n"
        "        try:\n            act(); tried.append('did')\n"
        "        except OSError as error:\n            tried.append(error.errno)\n"
        "    soft = [resource.getrlimit(x)[0] for x in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)]\n"
        "    return {'camera': f'{tried} {soft} {resource.getrlimit(resource.RLIMIT_AS)[0] >> 20}'}\n"
    )
    head, tail = source.split('if __name__ == "__main__":')
    fake = written(tmp_path, f"import socket\n{head}{probe}\nif __name__ == '__main__':{tail}".encode(), "probe.py")
    assert run(fake, tmp_path).camera == "[24, 24, 24] [0, 0] 1024"


def test_a_memory_bomb_ends_with_a_note(tmp_path: Path) -> None:
    source = Path(embedded.__file__).with_name("embedded_reader.py").read_text()
    head, tail = source.split('if __name__ == "__main__":')
    probe = "def from_exif(_tags):\n    return {'camera': str(len(bytearray(2 << 30)))}\n"
    fake = written(tmp_path, f"{head}{probe}\nif __name__ == '__main__':{tail}".encode(), "probe.py")
    assert run(fake, tmp_path) == Embedded(media_type="text/plain", note=UNREADABLE)


@pytest.mark.parametrize(
    "answer, kept",
    [
        ({"media_type": "Image/PNG\n"}, Embedded()),
        ({"media_type": "image/png\n"}, Embedded()),
        ({"media_type": "a/b", "latitude": "1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "1", "longitude": "1e1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "91", "longitude": "1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "007", "longitude": "1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "١", "longitude": "1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "1.123456789", "longitude": "1"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "latitude": "-1.5", "longitude": "2"}, Embedded(None, "-1.5", "2", None, "a/b")),
        ({"media_type": "a/b", "time": "2025-02-03T11:12:44\n"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "time": "2025-02-03T11:12:44Z"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "time": "2025-02-03T11:12:44+99:00"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "c2pa": "valid <b>"}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "camera": " \x00 "}, Embedded(media_type="a/b")),
        ({"media_type": "a/b", "camera": "\ud800"}, Embedded(media_type="a/b")),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_what_a_reader_says_out_of_form_is_left_out(answer: dict[str, str], kept: Embedded, tmp_path: Path) -> None:
    assert run(reader(tmp_path, answer), tmp_path) in (kept, NOTHING)


def test_the_reader_imports_nothing_of_the_ledger_or_its_keys() -> None:
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='reader'); "
        "print([m for m in sys.modules if m.split('.')[0] in ('ledger', 'keys', 'nacl')])"
    )
    path = Path(embedded.__file__).with_name("embedded_reader.py")
    out = subprocess.run([sys.executable, "-I", "-c", code, path], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_no_child_and_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for code in ("pass", "while True: pass", f"print('{GOOD}')"):
        run(reader(tmp_path, code=code), tmp_path, timeout_s=0.3)
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# --- many at once ------------------------------------------------------------------------------------------


def many(fake: Path, paths: list[Path], timeout_s: float = 10) -> list[Embedded]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_READER", fake)
        return read_many(paths, timeout_s)


def real_reader(folder: Path, probe: str) -> Path:
    """The reader as it is, but for what it finds in a file."""
    source = Path(embedded.__file__).with_name("embedded_reader.py").read_text()
    head, tail = source.split('if __name__ == "__main__":')
    return written(folder, f"{head}{probe}\nif __name__ == '__main__':{tail}".encode(), "probe.py")


def numbered(folder: Path, count: int) -> list[Path]:
    return [written(folder, f"text {place}".encode(), str(place)) for place in range(count)]


def test_many_files_say_what_each_says_alone(shared: Path, tmp_path: Path) -> None:
    paths = [*sorted((shared / "evidence").glob("*.jpg")), *numbered(tmp_path, 5)]
    assert read_many(paths) == [read_embedded(path) for path in paths]


def test_each_of_many_is_read_by_a_process_of_its_own_without_rights(tmp_path: Path) -> None:
    """Nothing that one file does to its reader is there for the next one."""
    probe = (
        "seen = []\n"
        "def from_exif(_tags):\n"
        "    seen.append(1)\n"
        "    try:\n        open('/etc/hostname'); did = True\n    except OSError as error:\n        did = error.errno\n"
        "    fds, names = [n for n in range(3, 256) if not _closed(n)], [k for k in os.environ if k != 'LC_CTYPE']\n"
        "    size = resource.getrlimit(resource.RLIMIT_FSIZE)[0]\n"
        "    return {'camera': f'{len(seen)} {did} {fds} {names} {os.getsid(0) == os.getpid()} {size}'}\n"
        "def _closed(n):\n"
        "    try:\n        os.fstat(n); return False\n    except OSError:\n        return True\n"
    )
    found = many(real_reader(tmp_path, probe), numbered(tmp_path, 6))
    assert {one.camera for one in found} == {"1 24 [] [] True 0"}


def test_one_of_many_that_breaks_its_reader_costs_only_itself(tmp_path: Path) -> None:
    probe = (
        "def from_exif(_tags):\n"
        "    os.lseek(0, 0, 0)\n"
        "    text = os.read(0, 20)\n"
        "    if text == b'text 1': os.kill(os.getpid(), 11)\n"
        "    if text == b'text 2':\n        import time; time.sleep(60)\n"
        "    if text == b'text 3': bytearray(2 << 30)\n"
        "    if text == b'text 4': os._exit(1)\n"
        "    return {}\n"
    )
    started = time.monotonic()
    notes = [one.note for one in many(real_reader(tmp_path, probe), numbered(tmp_path, 8), timeout_s=1)]
    assert notes == [None, *[UNREADABLE] * 4, None, None, None]
    assert time.monotonic() - started < 10


def test_where_no_helper_works_each_file_is_read_alone(tmp_path: Path) -> None:
    fake = reader(tmp_path, {"media_type": "image/png"})
    assert many(fake, numbered(tmp_path, 4)) == [Embedded(media_type="image/png")] * 4


def test_nothing_is_left_of_the_helpers(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    read_many(numbered(tmp_path, 6))
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
