# track_scenes_test.py -- trackers on made-up sequences: crossings, occlusions, births and deaths.
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("GD_ROOT", "."), "tests", "track"))
try:
    import scenes
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

RUN = os.path.join(os.environ.get("GD_BUILD", "build/ci"), "track_run")
KINDS = ("iou", "sort", "bytetrack")


def ids_of(scene, answers):
    """{object: list of (frame, id)} of what was detected."""
    out = {}
    for f, ((rows, _), (_, dets)) in enumerate(zip(answers, scene)):
        for row, d in zip(rows, dets):
            out.setdefault(d[6], []).append((f, row["id"]))
    return out


def check_whole(kind, name, scene, answers, objects):
    """Every object has one id from its first to its last frame, and no two have the same."""
    found = ids_of(scene, answers)
    ids = {o: {i for _, i in found[o]} for o in objects}
    assert all(len(i) == 1 and -1 not in i for i in ids.values()), (kind, name, ids)
    assert len(set.union(*ids.values())) == len(objects), (kind, name, ids)


def main():
    scene = scenes.crossing()
    for kind in KINDS:
        check_whole(kind, "crossing", scene, scenes.run(RUN, kind, scene), (1, 2))

    # Behind a pillar for 12 frames: found again within the buffer, and a new object beyond it.
    scene = scenes.occlusion()
    check_whole("sort", "occlusion", scene, scenes.run(RUN, "sort", scene), (1, 2))
    check_whole("bytetrack", "occlusion", scene, scenes.run(RUN, "bytetrack", scene), (1, 2))
    for kind in KINDS:
        found = ids_of(scene, scenes.run(RUN, kind, scene, ["max_age=11"]))
        assert len({i for _, i in found[1]}) == 2, (kind, found[1])
        assert len({i for _, i in found[2]}) == 1, (kind, found[2])
        late = [i / 25 for i in range(len(scene))]  # 13 / 25 s from detection to detection
        for seconds, n in ((0.5, 2), (0.55, 1)):
            got = ids_of(scene, scenes.run(RUN, kind, scene, [f"max_age_seconds={seconds}"], late))
            # Plain overlap has lost an object that moved 36 of its 60 pixels on.
            assert len({i for _, i in got[1]}) == (2 if kind == "iou" else n), (kind, seconds, got[1])
    answers = scenes.run(RUN, "sort", scene)
    for f in range(len(scene)):  # lost exactly while hidden, and moving on meanwhile
        assert [a["id"] for a in answers[f][1]] == ([answers[49][0][0]["id"]] if 50 <= f <= 61 else []) or \
            50 <= f <= 61 and len(answers[f][1]) == 1, (f, answers[f][1])
        for a in answers[f][1]:
            x = (a["box"][0] + a["box"][2]) / 2
            assert abs(x - (100 + 3 * f)) < 6, (f, x)

    # Births and deaths: a new id with state new at the first frame, ids in the order of birth.
    scene = scenes.births()
    for kind in KINDS:
        answers = scenes.run(RUN, kind, scene, ["min_hits=1", "id_start=100", "new_track=0.5"])
        check_whole(kind, "births", scene, answers, (1, 2, 3, 4, 5))
        seen = set()
        for f, (rows, lost) in enumerate(answers):
            for row in rows:
                assert (row["state"] == "new") == (row["id"] not in seen), (kind, f, row)
                assert row["state"] in ("new", "confirmed") and row["missed"] == 0, (kind, f, row)
                seen.add(row["id"])
            assert not {r["id"] for r in rows} & {r["id"] for r in lost}
        assert sorted(seen) == list(range(100, 105)), (kind, seen)
        first = ids_of(scene, answers)
        assert first[1][0] == (5, 100) and first[4][0][0] == 62 and first[5][0][1] == 104
        assert len(answers[-1][1]) == 0 or max(r["missed"] for r in answers[-1][1]) <= 30

    # A run cut in two by a state file is the same run.
    scene = scenes.crowd()
    with tempfile.TemporaryDirectory() as folder:
        state = os.path.join(folder, "state.json")
        for kind in KINDS:
            whole = scenes.run(RUN, kind, scene)
            halves = scenes.run(RUN, kind, scene[:30], save=state) + scenes.run(
                RUN, kind, scene[30:], seconds=[f / 25 for f in range(30, len(scene))], load=state)
            assert repr(whole) == repr(halves), kind

    # Every detection is answered, and no id twice in a frame.
    for kind in KINDS:
        for f, (rows, lost) in enumerate(scenes.run(RUN, kind, scene)):
            assert len(rows) == len(scene[f][1])
            ids = [r["id"] for r in rows + lost if r["id"] >= 0]
            assert len(ids) == len(set(ids)), (kind, f)
            assert all((r["id"] < 0) == (r["state"] == "untracked") for r in rows)


main()
