"""What is demanded. GOALS is where Lintel is to be; kept.json is what it has reached: whoever falls under that by more than SLACK
has broken something."""
import json
import pathlib

import scenes

ANY = None
SLACK = 1.0                                 # dB
# Of log-spectral distances and delays, which are steadier.
LOSS_SLACK = {"distance": 0.3, "delay ms": 10}
# A machine that stalls longer than this has other things to do than to play in real time.
LATE_MS_MAX = 40
# An echo that is as loud as what nobody hears is gone, however faint it was before.
NEAR_THE_MOST = 3.0

# Not worse than the official client, where it is hard for everybody.
OFFICIAL = "as WebRTC"

# (group, figure, scenes, at least, at most): the first line that names the scene is the one that holds.
GOALS = [
    *(("echo", figure, ("box 0.8 s", "mixed"), OFFICIAL, None) for figure in ("first", "change", "steady")),
    ("echo", "first", ANY, 25, None),
    ("echo", "change", ("slow move",), None, None),
    ("echo", "change", ANY, 20, None),
    ("echo", "steady", scenes.BENT, 28, None),
    ("echo", "steady", ANY, 35, None),
    ("echo", "level", ANY, -3, 3),
    ("echo", "sdr over WebRTC", ANY, 0, None),
    ("echo", "alone", ANY, -1, 1),
    ("noise", "reduction", ANY, 10, None),
    ("noise", "level", ANY, -1, 1),
    ("gain", "spread", ANY, None, 6),
    ("gain", "echo", ANY, 25, None),
    ("loss", "distance", ANY, None, OFFICIAL),
    ("loss", "delay ms", ANY, None, OFFICIAL),
    # Less than a third of what SpeexDSP with a residual gate took.
    ("cost", "instructions / 20 ms", ("echo only",), None, 380_000),
]

KEPT = pathlib.Path(__file__).with_name("kept.json")
KEPT_SEEDS = [1000]
KEPT_SCENES = ("door", "hall", "cheap speaker", "late", "box 0.5 s", "saturating", "50 ppm", "music",
               "both at once", "mixed", "fan", "hum", "0.3 to 5 m", "10 %", "20 % in bursts", "10 %, jitter 100 ms")
# What is kept of each group, and whether more of it is better.
KEPT_FIGURES = {"echo": {"first": 1, "steady": 1, "change": 1, "level": 0, "sdr": 1, "alone": 0},
                "noise": {"reduction": 1, "level": 0, "sdr": 1}, "gain": {"spread": -1, "echo": 1},
                "loss": {"distance": -1, "delay ms": -1}}


def miss(group, name, figure, value, goal):
    return {"group": group, "scene": name, "figure": figure, "value": round(value, 2), "goal": goal}


def missed(table, most):
    """What Lintel misses of GOALS."""
    found = []
    for group, names in table.items():
        for name, both in names.items():
            values = dict(both["Lintel"])
            if "WebRTC" in both and "sdr" in values:
                values["sdr over WebRTC"] = values["sdr"] - both["WebRTC"]["sdr"]
            for figure, value in values.items():
                goal = next((g for g in GOALS if g[:2] == (group, figure) and (g[2] is ANY or name in g[2])), None)
                if goal is None:
                    continue
                least, highest = goal[3:]
                if least == OFFICIAL:
                    least = both["WebRTC"][figure] - SLACK if "WebRTC" in both else None
                if highest == OFFICIAL:
                    is_fair = both.get("WebRTC", {}).get("sent late ms", LATE_MS_MAX) < LATE_MS_MAX
                    highest = both["WebRTC"][figure] + LOSS_SLACK[figure] if is_fair else None
                if least is not None:
                    least = min(least, most[group][name]["Lintel"].get(figure, least + NEAR_THE_MOST) - NEAR_THE_MOST)
                    if not value >= least:
                        found.append(miss(group, name, figure, value, f"at least {least:.1f}"))
                if highest is not None and not value <= highest:
                    found.append(miss(group, name, figure, value, f"at most {highest:.1f}"))
    return found


def keep(table):
    KEPT.write_text(json.dumps({group: {name: {figure: round(both["Lintel"][figure], 1) for figure in KEPT_FIGURES[group]
                                               if figure in both["Lintel"]} for name, both in names.items()}
                                for group, names in table.items()}, indent=1) + "\n")


def missed_kept(table):
    """What is worse than it was."""
    found = []
    for group, names in json.loads(KEPT.read_text()).items():
        for name, figures in names.items():
            for figure, before in figures.items():
                if name not in table.get(group, {}):
                    continue                        # somebody asked for a part only
                value = table[group][name]["Lintel"].get(figure, float("nan"))
                sign = KEPT_FIGURES[group][figure]
                worse = abs(value) - abs(before) if sign == 0 else (before - value) * sign
                slack = LOSS_SLACK.get(figure, SLACK)
                if not worse <= slack:
                    found.append(miss(group, name, figure, value, f"{before:.1f} as before, give or take {slack:g}"))
    return found
