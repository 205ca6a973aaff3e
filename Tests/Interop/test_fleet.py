"""The example dashboard and alerts of board/fleet, against what a door prints."""
import asyncio
import json
import pathlib
import re
import shutil
import subprocess

import pytest

from peers import Peer
from hardware import board  # noqa: F401
from sound import hum
from test_board import on_linux

FLEET = pathlib.Path(__file__).parents[2] / "board" / "fleet"
PROMTOOL = shutil.which("promtool")
# Words of PromQL, and labels that Prometheus itself or a matcher brings.
FIGURE = re.compile(r"\blintel_[a-z_]+\b")
MATCHER = re.compile(r'(lintel_[a-z_]+)\{([^}]*)\}')


def expressions():
    """[(where, expression)] of both."""
    dashboard = json.loads((FLEET / "dashboard.json").read_text())
    found = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [("variable", v["query"]["query"]) for v in dashboard["templating"]["list"] if v["type"] == "query"]
    found += [("alert", line.split("expr:", 1)[1]) for line in (FLEET / "alerts.yaml").read_text().splitlines()
              if line.strip().startswith("expr:")]
    return found


async def test_every_figure_of_dashboard_and_alerts_is_printed(server, room, make_device, board):  # noqa: F811
    board.line(27)
    board.line(5).put(0)
    # One with a lock and a contact, and one that talks.
    door = on_linux(make_device, server, room, board, gpio_lock="27", gpio_contact="5", door_output="lock", device_id="lock")
    device = make_device(server, room, microphone=hum())
    async with Peer(server, room, "peer") as peer:
        await peer.publish(880)
        await device.hears("peer")
        text = ""
        for _ in range(100):
            text = (await device.ask("metrics")).output
            # The server's first report says what it lost, and how far it is.
            if "lintel_uplink_loss_ratio" in text and "lintel_round_trip_seconds" in text:
                break
            await asyncio.sleep(0.2)
    text += (await door.ask("metrics")).output
    printed = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            sample = line.rsplit(" ", 1)[0]
            name, _, labels = sample.partition("{")
            printed.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    asked = expressions()
    assert len(asked) > 40
    for where, expression in asked:
        for name in FIGURE.findall(expression):
            assert name in printed, f"{where}: no door prints {name}"
        for name, matchers in MATCHER.findall(expression):
            labels = set(re.findall(r"(\w+)\s*=", matchers)) - {"instance", "job"}
            assert labels <= printed[name], f"{where}: {name} has no {labels - printed[name]}"


def test_the_dashboard_is_one():
    dashboard = json.loads((FLEET / "dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({p["id"] for p in panels}) == len(panels) and all(p["title"] for p in panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, f"{panel['title']} lies on another"
        taken |= cells
    text = json.dumps(dashboard)
    assert "${datasource}" in text and {v["name"] for v in dashboard["templating"]["list"]} == {"datasource", "instance"}


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool (Debian's prometheus)")
def test_each_alert_rings_where_it_should_and_nowhere_else():
    for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run([PROMTOOL, *command], cwd=FLEET, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    names = re.findall(r"alert: (\w+)", (FLEET / "alerts.yaml").read_text())
    tested = (FLEET / "alerts_test.yaml").read_text()
    well, others = tested.split("- name: doors that are not")
    assert all(f"alertname: {name}}}" in well and f'"{name}"' in others for name in names), names
