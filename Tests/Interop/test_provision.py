"""lintelctl provision: configuration and credentials, checked whole and written at once or not at all."""
import os
import subprocess
import tempfile

import pytest

import device as device_module
from device import DONE, FAILED, NOT_ALLOWED, USAGE


@pytest.fixture(autouse=True)
def built():
    device_module.require_built()


def provision(*arguments, text=None, prefix=()):
    done = subprocess.run([*prefix, device_module.BINARIES / "lintelctl", "provision", *map(str, arguments)],
                          capture_output=True, text=True, timeout=10, input=text,
                          stdin=None if text else subprocess.DEVNULL)
    return device_module.Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def folder(tmp_path):
    if os.getuid() != 0:
        pytest.skip("needs root")
    (tmp_path / "lintel.conf").write_text(f"[device]\nboard = simulated\n[simulated]\nsoundcard = {device_module.SOUNDCARD}\n")
    return tmp_path


def mode(path):
    return path.stat().st_mode & 0o777


def test_what_is_written(folder):
    result = provision("token.url=ws://h", "audio.volume=60", "--token-file", "-", "--folder", folder, text=" a.b.c \n")
    assert result.status == DONE and "restart" in result.output, result
    drop_in, token = folder / "lintel.conf.d/50-provision.conf", folder / "token"
    assert token.read_text() == "a.b.c\n" and mode(token) == 0o600 and mode(drop_in) == 0o644
    assert "url = ws://h\n" in drop_in.read_text() and "volume = 60\n" in drop_in.read_text()
    assert provision("audio.volume=", "door.output=lock", "--folder", folder).status == DONE
    text = drop_in.read_text()
    assert "volume" not in text and "output = lock" in text and "url = ws://h" in text
    checked = subprocess.run([device_module.BINARIES / "linteld", "--config", folder / "lintel.conf", "--check-config"],
                             capture_output=True, text=True, timeout=10)
    assert checked.returncode == 0, checked.stderr
    assert not list(folder.rglob("*.new"))


def test_a_mistake_writes_nothing(folder):
    for arguments, words in ((["audio.volume=600"], "0 to 100"), (["audio.volme=6"], "volume"),
                             (["device.profile=raspbery-usb"], "'raspbery-usb' is no profile"),
                             (["audio.volume=6", "--token-file", "/nowhere"], "/nowhere")):
        (folder / "source").write_text("secret")
        result = provision(*arguments, *([] if "--token-file" in arguments else ["--token-file", folder / "source"]),
                           "--folder", folder)
        assert result.status == FAILED and words in result.error, result
        assert not (folder / "token").exists() and not (folder / "lintel.conf.d/50-provision.conf").exists()
    assert provision("volume=6", "--folder", folder).status == USAGE


def test_what_would_not_start_is_not_written(folder):
    """The check is the start: codes, groups, and keys that only together are wrong."""
    code = folder / "code"
    code.write_text("123\n")
    for arguments, words in ((["door.output=lock", "--door-code-file", code], "4 to 16 digits"),
                             (["control.admin-group=nobody-has-it"], "no group 'nobody-has-it'"),
                             (["gpio.lock=17", "gpio.button=17"], "line of button already"),
                             (["audio.jitter-ms=60", "audio.jitter-max-ms=40"], "5 to 40"),
                             (["server.ca-file=/nowhere/ca.pem"], "/nowhere/ca.pem cannot be read"),
                             (["control.socket=" + str(code)], "is not a socket")):
        result = provision(*arguments, "--folder", folder)
        assert result.status == FAILED and words in result.error, result
        assert not (folder / "door-code").exists() and not (folder / "lintel.conf.d").exists()
    # A code that is there already counts, and so does one that --check-config finds.
    (folder / "door-code").write_text("12ab")
    (folder / "door-code").chmod(0o600)
    assert "4 to 16 digits" in provision("door.output=lock", "--folder", folder).error
    with open(folder / "lintel.conf", "a") as conf:
        conf.write("[door]\noutput = lock\n")
    checked = subprocess.run([device_module.BINARIES / "linteld", "--config", folder / "lintel.conf", "--check-config"],
                             capture_output=True, text=True, timeout=10)
    assert checked.returncode == 1 and "4 to 16 digits" in checked.stderr, checked


def test_what_people_paste(folder):
    for text, kept in (("\ufeffBearer abc\r\n", "abc"), ('"a%20b"\n', "a%20b"), ("Authorization: Bearer x=\n", "x=")):
        assert provision("--bearer-file", "-", "--folder", folder, text=text).status == DONE
        assert (folder / "token-bearer").read_text() == kept + "\n"
    for text, words in (("xyzzy\nsecond\n", "line 2"), ("xyz zy\n", "blank or a control character in the middle"),
                        (" \n", "is empty")):
        result = provision("--bearer-file", "-", "--folder", folder, text=text)
        assert result.status == FAILED and words in result.error and "xyz" not in result.error, result
    assert (folder / "token-bearer").read_text() == "x=\n"
    assert provision("--api-secret-file", "-", "--folder", folder, text="a key of words\n").status == DONE
    assert (folder / "api-secret").read_text() == "a key of words\n"


def test_a_place_that_cannot_be_written(folder):
    result = provision("audio.volume=6", "--folder", "/proc")
    assert result.status == FAILED and "/proc" in result.error, result


def test_it_is_for_root(folder):
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        copy = f"{place}/lintelctl"
        subprocess.run(["install", "-m", "755", device_module.BINARIES / "lintelctl", copy], check=True)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "provision",
                               "audio.volume=6", "--folder", place], capture_output=True, text=True, timeout=10)
    assert done.returncode == NOT_ALLOWED and "root" in done.stderr
