"""linteld by itself: its options, its configuration check, and what it says when it cannot run."""
import re
import subprocess

import pytest

import device as device_module
from device import BINARIES, Device


@pytest.fixture(autouse=True)
def built():
    device_module.require_built()


def linteld(*arguments, cwd=None):
    return subprocess.run([BINARIES / "linteld", *arguments], capture_output=True, text=True, timeout=10, cwd=cwd,
                          stdin=subprocess.DEVNULL)


def test_help_and_version():
    assert linteld("--help").stdout.startswith("usage: linteld") and linteld("--help").returncode == 0
    assert linteld("--version").stdout.startswith("linteld ")


def test_wrong_usage():
    for arguments in (["--nonsense"], ["--config"]):
        done = linteld(*arguments)
        assert done.returncode == 2 and "--help" in done.stderr and not done.stdout


def test_the_printed_configuration_is_valid(tmp_path):
    path = tmp_path / "lintel.conf"
    path.write_text(linteld("--print-config").stdout)
    done = linteld("--config", path, "--check-config")
    assert done.returncode == 0, done.stderr


def test_mistakes_are_named_with_file_and_line(tmp_path):
    (tmp_path / "lintel.conf").write_text("[audio]\nbitrate = fast\n")
    (tmp_path / "lintel.conf.d").mkdir()
    (tmp_path / "lintel.conf.d/10-site.conf").write_text("\n[audio]\nvolme = 3\n")
    done = linteld("--config", "lintel.conf", "--check-config", cwd=tmp_path)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert f"{tmp_path}/lintel.conf:2" in first and "6000" in first
    assert f"{tmp_path}/lintel.conf.d/10-site.conf:3" in second and "volume" in second
    assert linteld("--config", "lintel.conf", cwd=tmp_path).returncode == 1


def test_a_configuration_that_is_not_there(tmp_path):
    done = linteld("--config", tmp_path / "nothing.conf")
    assert done.returncode == 1 and "nothing.conf" in done.stderr and "No such file" in done.stderr


def test_relative_paths_start_at_the_configuration(tmp_path):
    """Also when the configuration itself is named by a relative path."""
    device = Device(tmp_path, session_mode="on-demand", token_file="token.jwt", url="ws://127.0.0.1:1")
    device.write_token("no-token")
    device.process = subprocess.Popen([BINARIES / "linteld", "--config", "lintel.conf"], cwd=tmp_path,
                                      stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if device.ctl("status").status == device_module.DONE:
                break
        joined = device.ctl("join")
        assert joined.status == device_module.FAILED and "malformed" in joined.error
    finally:
        assert device.stop() == 0


def ends_of_all_keys():
    """[(section, key, value)]: both ends of every number and every word of every choice, as the program lists them."""
    section, legal, found = None, "", []
    for line in linteld("--print-config").stdout.splitlines():
        section = line[1:-1] if line.startswith("[") else section
        legal = line[9:-1] if line.startswith("# Legal: ") else legal
        key = re.fullmatch(r"#([a-z0-9-]+) =( .*)?", line)
        if not key:
            continue
        numbers = re.match(r"(-?[0-9]+) to (-?[0-9]+)( \(|$)", legal)
        words = legal.split(", ") if re.fullmatch("[a-z-]+(, [a-z-]+)+", legal) else []
        found += [(section, key[1], value) for value in (numbers.groups()[:2] if numbers else words)]
    return found


def test_what_the_check_takes_starts(tmp_path):
    """The check is the start: whatever value is at the end of its range, alone or with another one's."""
    ends = [end for end in ends_of_all_keys() if end[:2] != ("device", "board")]
    assert len(ends) > 60
    jitter = [end for end in ends if end[1].startswith("jitter-")]
    taken = []
    for number, changes in enumerate([[end] for end in ends] + [[a, b] for a in jitter for b in jitter if a[1] < b[1]]):
        values = {f"{section}_{key}".replace("-", "_") if section != "token" or key != "url" else "url": value
                  for section, key, value in changes}
        device = Device(tmp_path / str(number), **{"url": "ws://127.0.0.1:1", "session_mode": "on-demand", **values})
        checked = linteld("--config", device.folder / "lintel.conf", "--check-config")
        if checked.returncode == 0:
            device.start()                                  # fails with what the program said
            device.stop()
            taken.append(changes)
    assert len(taken) > len(ends) - 20, "hardly anything was tried"


def test_two_daemons(tmp_path):
    with Device(tmp_path, session_mode="on-demand") as device:
        second = linteld("--config", tmp_path / "lintel.conf")
        assert second.returncode == 1
        assert "already" in second.stderr and "control.sock" in second.stderr
        assert device.ctl("status").status == device_module.DONE


def test_the_check_works_without_a_daemon(tmp_path):
    """A mistake in the configuration is why a daemon does not run."""
    done = subprocess.run([BINARIES / "lintelctl", "--socket", tmp_path / "none.sock", "config", "check"],
                          capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    assert "checking without it" in done.stderr and done.returncode in (device_module.DONE, device_module.FAILED)
    assert "no socket" not in done.stderr, done
    as_json = subprocess.run([BINARIES / "lintelctl", "--socket", tmp_path / "none.sock", "--json", "config", "check"],
                             capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    assert as_json.returncode == device_module.UNREACHABLE and "no socket" in as_json.stdout
