"""A board that is updated from a feed while somebody talks, and goes back to the version before."""
import asyncio
import os
import threading
import time

import pytest

import analysis
import feeds
from door import (BACK_SECONDS, PROVISION, ROOM, STATUS_SECONDS, apt, connected, ctl, main_process, provision, restarted,
                  status, until)
from peers import Peer
from sound import MICROPHONE_HZ

COMES_BACK_SECONDS = 3
OF_THE_TECHNICIAN = "[audio]\nvolume = 61 ; a word of the technician\n"


def version(machine):
    return machine.check("dpkg-query", "-W", "-f", "${Version}", "lintel").strip()


def runs_what_is_installed(machine):
    return not machine.check("readlink", f"/proc/{main_process(machine)}/exe").strip().endswith("(deleted)")


@pytest.fixture(scope="module")
def versions(machine, tmp_path_factory):
    """The feed has the version before this one, which is installed; this one can be added. -> (feed, old, new, package)"""
    folder = tmp_path_factory.mktemp("versions")
    package = os.environ["LINTEL_PACKAGE"]
    machine.run("dpkg", "-P", "lintel", seconds=120)
    feed = feeds.Feed(machine.share, folder / "keys")
    before = feeds.previous(package, folder)
    feed.add(before)
    feed.trusted_by(machine)
    apt(machine, "update", *feeds.FEED_ALONE)
    apt(machine, "install", "--no-install-recommends", "lintel")
    assert version(machine) == feeds.version_of(before)
    return feed, feeds.version_of(before), feeds.version_of(package), package


def update(machine):
    apt(machine, "update", *feeds.FEED_ALONE)
    apt(machine, "install", "--only-upgrade", "lintel")


async def upgraded_in_a_call(machine, server, feed, package):
    async with Peer(server, ROOM, "peer") as peer:
        await peer.hear("door", 1, timeout=30)
        before = main_process(machine)
        feed.add(package)
        updating = asyncio.create_task(asyncio.to_thread(update, machine))
        share = []
        while not updating.done():
            share.append(analysis.power_share(await peer.hear("door", 1, timeout=30), 48000, MICROPHONE_HZ))
        await updating
        share.append(analysis.power_share(await peer.hear("door", 2, timeout=30), 48000, MICROPHONE_HZ))
        return before, share


def test_an_upgrade_waits_for_the_end_of_a_call(machine, endpoint, server, versions):
    feed, _, new, package = versions
    machine.write("/etc/lintel/lintel.conf", OF_THE_TECHNICIAN)
    provision(machine, *PROVISION, f"token.endpoint={endpoint.url}", "session.mode=on-demand")
    machine.check("systemctl", "restart", "linteld.service")
    assert ctl(machine, "call", "--no-wait").status == 0
    connected(machine)
    before, heard = asyncio.run(asyncio.wait_for(upgraded_in_a_call(machine, server, feed, package), 300))
    assert version(machine) == new
    assert min(heard) > 0.9, f"the call goes on while the packages are unpacked: {heard}"
    # The peer has left, and the call has not ended.
    assert main_process(machine) == before and status(machine)["call"]["state"] in ("talking", "waiting-agent")
    assert machine.check("systemctl", "is-active", "lintel-restart.service").strip() == "active"
    assert ctl(machine, "hangup").status == 0
    restarted(machine, before)
    until(lambda: machine.run("systemctl", "is-active", "lintel-restart.service").status, BACK_SECONDS, "nobody waits any more")
    assert runs_what_is_installed(machine)
    assert ctl(machine, "status").status == 0
    assert machine.check("cat", "/etc/lintel/lintel.conf") == OF_THE_TECHNICIAN
    assert status(machine)["audio"]["volume"] == 61


class Watch:
    """Asks the device all the time whether it is in its room; `away` is the longest time that it was not."""

    def __init__(self, machine):
        self.machine, self.away, self.ended = machine, 0, threading.Event()
        self.thread = threading.Thread(target=self._ask)

    def _ask(self):
        last = time.monotonic()
        while not self.ended.is_set():
            answer = ctl(self.machine, "--json", "status")
            now = time.monotonic()
            if answer.status == 0 and '"connection":"connected"' in answer.output:
                last = now
            self.away = max(self.away, now - last)
            time.sleep(0.05)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


@pytest.mark.parametrize("goes", ["back", "forward"])
def test_another_version_of_an_always_on_device_is_back_at_once(machine, endpoint, versions, goes):
    _, old, new, _ = versions
    wanted = old if goes == "back" else new
    provision(machine, *PROVISION, f"token.endpoint={endpoint.url}", "session.mode=always-on")
    machine.check("systemctl", "restart", "linteld.service")
    connected(machine)
    assert ctl(machine, "mute", "on").status == 0
    before = main_process(machine)
    with Watch(machine) as watch:
        apt(machine, "install", "--allow-downgrades", f"lintel={wanted}")
        restarted(machine, before, STATUS_SECONDS)
        connected(machine)
    print(f"{goes}: {watch.away:.1f} s away")
    assert watch.away < COMES_BACK_SECONDS
    assert version(machine) == wanted and runs_what_is_installed(machine)
    assert status(machine)["audio"]["muted"] is True
    assert machine.check("cat", "/etc/lintel/lintel.conf") == OF_THE_TECHNICIAN
    assert ctl(machine, "mute", "off").status == 0
