# scenes.py -- made-up sequences of moving boxes, of which every identity is known.
"""A scene is a list of frames; a frame is (truth, detections):
    truth       [(object, x1, y1, x2, y2)]
    detections  [(x1, y1, x2, y2, score, class, object or -1)]
"""
import subprocess

import numpy as np


def box(x, y, w, h):
    return (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def scene_of(tracks, frames, noise=0.0, seed=0, hidden=(), weak=(), clutter=0.0, size=(1920, 1080)):
    """tracks: {object: (first, last, function of the frame -> (x, y, w, h))}. hidden: (object, from, to)
    without detection; weak: the same, with scores of 0.15."""
    rng = np.random.default_rng(seed)
    out = []
    for f in range(frames):
        truth, dets = [], []
        for who, (first, last, path) in tracks.items():
            if not first <= f <= last:
                continue
            b = np.array(box(*path(f)))
            truth.append((who, *b))
            if any(o == who and a <= f <= z for o, a, z in hidden):
                continue
            low = any(o == who and a <= f <= z for o, a, z in weak)
            d = b + rng.normal(0, noise, 4) * (b[2] - b[0]) if noise else b
            score = 0.15 if low else 0.9 - 0.3 * rng.random()
            dets.append((*d, score, who % 3, who))
        while rng.random() < clutter:
            w = rng.uniform(20, 80)
            dets.append((*box(rng.uniform(0, size[0]), rng.uniform(0, size[1]), w, 2 * w),
                         rng.uniform(0.1, 0.5), 0, -1))
        order = rng.permutation(len(dets))
        out.append((truth, [tuple(np.float32(v) for v in dets[i][:5]) + dets[i][5:] for i in order]))
    return out


def line(x, y, vx, vy, w=60, h=120):
    return lambda f: (x + vx * f, y + vy * f, w, h)


def crossing():
    """Two objects pass one another; where they meet, their IoU is 0.41."""
    return scene_of({1: (0, 99, line(100, 300, 6, 0)), 2: (0, 99, line(700, 350, -6, 0))}, 100, 0.01, 1)


def occlusion():
    """One object passes behind a pillar for 12 frames, another is weak for 10."""
    return scene_of({1: (0, 119, line(100, 300, 3, 0)), 2: (0, 119, line(900, 800, -2, 0))}, 120, 0.005, 2,
                    hidden=[(1, 50, 61)], weak=[(2, 70, 79)])


def births():
    """Objects that come and go, also two at one time, also into a frame without any."""
    return scene_of({1: (5, 40, line(200, 200, 2, 1)), 2: (10, 60, line(900, 200, -2, 1)),
                     3: (10, 30, line(500, 700, 0, -2)), 4: (62, 99, line(1200, 500, 2, 1)),
                     5: (80, 99, line(1500, 900, -4, 0))}, 110, 0.005, 3)


def crowd(n=25, frames=60, seed=4):
    """Many objects of all sizes, noise, misses and false alarms."""
    rng = np.random.default_rng(seed)
    tracks, hidden, weak = {}, [], []
    for i in range(1, n + 1):
        w = rng.uniform(25, 90)
        a = int(rng.integers(0, frames // 2))
        z = int(min(frames - 1, a + rng.integers(20, frames)))
        x, y = rng.uniform(100, 1800), rng.uniform(100, 980)
        vx, vy = rng.normal(0, 3, 2)
        turn, phase = rng.uniform(0, 20), rng.uniform(0, 6.3)
        tracks[i] = (a, z, lambda f, x=x, y=y, vx=vx, vy=vy, w=w, t=turn, p=phase:
                     (x + vx * f + t * np.sin(f / 15 + p), y + vy * f, w, 2.2 * w))
        for _ in range(2):
            s = int(rng.integers(a, z + 1))
            (hidden if rng.random() < 0.5 else weak).append((i, s, s + int(rng.integers(1, 12))))
    return scene_of(tracks, frames, 0.02, seed, hidden, weak, 0.5)


SCENES = {"crossing": crossing, "occlusion": occlusion, "births": births, "crowd": crowd}


def run(program, kind, scene, options=(), seconds=None, save=None, load=None):
    """[(answers, lost)] a frame; an answer is a dict. Times are 1/25 s apart unless given."""
    text = [f"load {load}"] if load else []
    for f, (_, dets) in enumerate(scene):
        text.append(f"frame {f / 25 if seconds is None else seconds[f]!r} {len(dets)}")
        text += [" ".join("%.9g" % v for v in d[:5]) + f" {d[5]}" for d in dets]
    if save:
        text.append(f"save {save}")
    return parse(subprocess.run([program, kind, *options], input="\n".join(text), text=True, check=True,
                                stdout=subprocess.PIPE, timeout=60).stdout)


def parse(text):
    lines, out, at = text.split("\n"), [], 0
    while at < len(lines) and lines[at]:
        _, n, m = lines[at].split()
        rows = []
        for row in lines[at + 1:at + 1 + int(n) + int(m)]:
            v = row.split()
            rows.append({"id": int(v[0]), "state": v[1], "confirmed": v[2] == "1", "hits": int(v[3]),
                         "age": int(v[4]), "missed": int(v[5]), "class": int(v[6]),
                         "box": np.array([float(x) for x in v[7:11]])})
        out.append((rows[:int(n)], rows[int(n):]))
        at += 1 + int(n) + int(m)
    return out
