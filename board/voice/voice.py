"""Lintel's voice path beside the official client's processing (WebRTC's AEC3, noise suppression and gain), on the same scenes
in the same run. Figures are means over the seeds.

echo   ERLE (how much of the echo's power is gone) in the first second of far speech, in the next two, steady, in the first
       second after the path became another one, and in the next two; the near talker in double talk: his level, SDR,
       log-spectral distance, and the share of his time that is cut by over 6 dB; and his level and cuts while he speaks alone
noise  how much of a noise is gone in pauses, and what became of a talker in it
gain   how loud a talker is from 0.3 to 5 m, how the gain swings from word to word, and what of the echo comes through then
loss   the same packets over networks that lose and delay them, through Lintel's jitter buffer and through the official client
       (in real time, in rooms of a server on this machine): the log-spectral distance of what is played from what was said,
       the delay from mouth to ear (of it 20 ms are the packet's and 6.5 the codec's), and the jitter buffer's own word; nobody
       is compared where a packet was sent over 40 ms late because this machine was busy
cost   instructions of 20 ms (callgrind), memory, and the time of the processor beside the official client's

All dB if not said otherwise. Exits 1 if Lintel misses a goal."""
import argparse
import json
import multiprocessing
import pathlib
import sys

import numpy as np

import goals
import likeness
import measures
import networks
import scenes
from cancellers import Front, Official

WHO = ("Lintel", "WebRTC")
COLUMNS = {
    "echo": ["first", "next", "steady", "change", "changed", "level", "sdr", "lsd", "cut %", "alone", "alone cut %"],
    "noise": ["reduction", "level", "sdr", "sdr gained", "lsd", "lsd before", "cut %"],
    "gain": [f"{metres:g} m" for metres in scenes.DISTANCES] + ["spread", "pumping", "echo"],
    "loss": ["distance", "delay ms", "buffer ms", "made up ms", "sent late ms"],
    "cost": ["µs / 20 ms", "instructions / 20 ms", "bytes"],
}
COST_SECONDS = 4
LOSS_FROM_SECOND = 4                        # both have found their delay


def echo_figures(scene, out):
    row, most = {}, {}
    for name, window in scenes.WINDOWS.items():
        if scene.double_talk[0] < window[1] and window[0] < scene.double_talk[1]:
            continue
        row[name] = measures.enhancement(scene, out, window)
        most[name] = measures.ceiling(scene, window)
    both, alone = (measures.near_figures(scene, out, window) for window in (scene.double_talk, scenes.ALONE))
    row.update({"level": both["level"], "sdr": both["sdr"], "lsd": both["lsd"], "cut %": both["cut"],
                "alone": alone["level"], "alone cut %": alone["cut"]})
    return row, most


def run(job):
    """-> one row for each who is measured."""
    group, name, seed, program, who_are, save = job
    if group == "echo":
        scene = scenes.made(name, seed)
    elif group == "noise":
        scene = scenes.in_noise(name, seed)
    else:
        scene = scenes.from_afar(seed)
    rows = []
    for who in who_are:
        out, _ = (Front(program) if who == "Lintel" else Official()).process(scene, **scene.options)
        row = {"group": group, "scene": name, "seed": seed, "who": who, "most": {}}
        if group == "echo":
            row["figures"], row["most"] = echo_figures(scene, out)
            row["erle_by_second"] = measures.by_second(scene, out)
        elif group == "noise":
            found = measures.noise_figures(scene, out, scenes.SPOKEN, scenes.NOISE_ALONE)
            row["figures"] = {**found, "cut %": found.pop("cut")}
        else:
            row["figures"] = measures.gain_figures(scene, out, scenes.DISTANCES, scenes.DISTANCE_SECONDS, scenes.SETTLED)
        rows.append(row)
        if save:
            keep(pathlib.Path(save), scene, who, out)
    return rows


def keep(folder, scene, who, out):
    """For ears and other programs."""
    from sound import written
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{scene.name}-{scene.seed}".replace(" ", "_")
    written(folder / f"{stem}-{who}.wav", out)
    for part in ("microphone", "far", "near", "echo"):
        written(folder / f"{stem}-{part}.wav", getattr(scene, part))


def cost(program, who_are):
    """Of double talk in the hall, with what is switched on by default, and with all that there is."""
    scene, front, official = scenes.made("hall", 1), Front(program), Official()
    rows = []
    for name, options in (("echo only", {}), ("echo, noise, gain", {"ns": 1, "agc": 1})):
        for who, one in zip(who_are, (front, official)):
            runs = [one.process(scene, **options)[1] for _ in range(3)]
            found = {"µs / 20 ms": min(run["seconds"] for run in runs) * 1e6 / (len(scene.microphone) / 320)}
            if who == "Lintel":
                found["instructions / 20 ms"] = front.instructions(scene, COST_SECONDS, **options)
                found["bytes"] = runs[0]["bytes_heap"]
            rows.append({"group": "cost", "scene": name, "seed": 1, "who": who, "figures": found, "most": {}})
    return rows


def see(scene):
    """That the measures are not blind: of who does nothing, who lets nothing through, and who passes on half of it."""
    nothing, all_of_it = np.zeros(len(scene.microphone)), scene.near + scene.noise
    idle, _ = echo_figures(scene, scene.microphone)
    silent, most = echo_figures(scene, nothing)
    ideal, _ = echo_figures(scene, all_of_it)
    halved, _ = echo_figures(scene, all_of_it / 2)
    right = (abs(idle["steady"]) < 1 and silent["steady"] > most["steady"] - 1 and silent["cut %"] > 99 and
             ideal["first"] > most["first"] - 1 and abs(ideal["level"]) < 0.1 and ideal["sdr"] > 30 and
             abs(halved["level"] + 6) < 0.2 and idle["sdr"] < 10)
    if not right:
        raise SystemExit(f"board/bench voice: the measures are blind: {idle}, {silent}, {ideal}, {halved}")


def loss(program, names, seed, who_are):
    speech = networks.said(seed)
    chosen = [network for network in networks.NETWORKS if not names or network.name in names]
    traces = [networks.arrived(networks.sent(program, speech, network), network, seed) for network in chosen]
    rows = []

    def add(network, who, samples, **figures):
        distance, delay = likeness.compared(speech, samples, LOSS_FROM_SECOND)
        rows.append({"group": "loss", "scene": network.name, "seed": seed, "who": who, "most": {},
                     "figures": {"distance": distance, "delay ms": delay, **figures}})

    official = []
    if len(who_are) > 1 and chosen:
        import neteq
        official = neteq.through(traces)
        # Both get them when they really came.
        traces = [heard.packets for heard in official]
    for index, (network, trace) in enumerate(zip(chosen, traces)):
        samples, told = networks.played(program, trace)
        add(network, WHO[0], samples, **{"buffer ms": told["delay_ms"], "made up ms": told["concealed_ms"]})
        if official:
            heard = official[index]
            add(network, WHO[1], heard.samples, **{"buffer ms": heard.buffer_ms, "made up ms": heard.concealed_ms,
                                                 "sent late ms": 1000 * heard.late})
    return rows


def means(rows):
    """-> {group: {scene: {who: {figure: mean over the seeds}}}}, and the same of the most that can be reached."""
    table, most = {}, {}
    for row in rows:
        for target, part in ((table, "figures"), (most, "most")):
            cells = target.setdefault(row["group"], {}).setdefault(row["scene"], {}).setdefault(row["who"], {})
            for figure, value in row[part].items():
                cells.setdefault(figure, []).append(value)
    for target in (table, most):
        for group in target.values():
            for scene in group.values():
                for who in scene:
                    scene[who] = {figure: sum(values) / len(values) for figure, values in scene[who].items()}
    return table, most


def show(table):
    for group, names in table.items():
        columns = COLUMNS[group]
        width = max(20, max(map(len, names)))
        print(f"\n{group:<{width}}        " + " ".join(f"{column:>{max(8, len(column))}}" for column in columns))
        for name, both in names.items():
            for index, (who, figures) in enumerate(both.items()):
                cells = ((f"{figures[column]:.1f}" if abs(figures[column]) < 1000 else f"{figures[column]:.0f}")
                         if column in figures else "" for column in columns)
                print(f"{'' if index else name:<{width}}  {who:<6}" +
                      " ".join(f"{cell:>{max(8, len(column))}}" for column, cell in zip(columns, cells)))


def seeds(words):
    first, _, last = words.partition("-")
    return list(range(int(first), int(last or first) + 1))


def arguments():
    parser = argparse.ArgumentParser(prog="board/bench voice", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help=argparse.SUPPRESS)
    parser.add_argument("--group", action="append", choices=list(COLUMNS), help="only this part; again for more")
    parser.add_argument("--scene", action="append", metavar="NAME", help="only this scene; again for more: " + ", ".join(
        [*scenes.PLANS, *scenes.talk.NOISES, *(f"'{network.name}'" for network in networks.NETWORKS)]).replace("%", "%%"))
    parser.add_argument("--seeds", type=seeds, default=[1, 2], metavar="A-B",
                        help="1-2 by default. From 1000 on they are held back: nobody tunes with them")
    parser.add_argument("--lintel", action="store_true", help="without the official client")
    parser.add_argument("--save", metavar="FOLDER", help="keeps what was heard, played, said and left, as .wav")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of the tables")
    parser.add_argument("--kept", action="store_true",
                        help="judges by what was reached before (kept.json), less a little, in place of the goals: "
                        "what a test does")
    parser.add_argument("--keep", action="store_true", help="writes what was reached into kept.json")
    options = parser.parse_args()
    if options.kept or options.keep:
        options.seeds, options.lintel = goals.KEPT_SEEDS, True
        options.scene = options.scene or list(goals.KEPT_SCENES)
        options.group = options.group or ["echo", "noise", "gain", "loss"]
    return options


def main():
    options = arguments()
    groups, who = options.group or list(COLUMNS), WHO[:1] if options.lintel else WHO
    wanted = {"echo": list(scenes.PLANS), "noise": list(scenes.talk.NOISES), "gain": ["0.3 to 5 m"]}
    jobs = [(group, name, seed, options.program, who, options.save) for group, names in wanted.items() if group in groups
            for name in names if not options.scene or name in options.scene for seed in options.seeds]
    is_known = jobs or not options.scene or any(network.name in options.scene for network in networks.NETWORKS)
    if not is_known:
        raise SystemExit("board/bench voice: there is no such scene; --help names them")
    see(scenes.made("door", 1))
    with multiprocessing.Pool(2) as pool:
        rows = [row for done in pool.map(run, jobs, chunksize=1) for row in done]
    if "loss" in groups:
        rows += loss(options.program, options.scene, options.seeds[0], who)
    if "cost" in groups and not options.scene:
        rows += cost(options.program, who)
    table, most = means(rows)
    if options.keep:
        goals.keep(table)
        return 0
    missed = goals.missed_kept(table) if options.kept else goals.missed(table, most)
    if options.json:
        print(json.dumps({"means": table, "runs": rows, "missed": missed}))
    else:
        show(table)
        print()
        for line in missed:
            print(f"missed: {line['scene']}, {line['figure']}: {line['value']:.1f}, goal {line['goal']}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
