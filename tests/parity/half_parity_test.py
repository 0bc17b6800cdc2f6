# half_parity_test.py -- real models find in FP16 what they find in FP32 (emulated on the CPU).
"""YOLOX-nano on pictures of COCO, and the pedestrian detector on frames of its street: what scores
above 0.3 in one precision has its like in the other, of the same class, at an IoU above 0.99 and
with nearly the same score."""
import glob
import os

from parity import BUILD, DATA, ROOT, SANITIZED, convert, iou, load, np, run, workspace

FLOOR, MIN_IOU, NEAR = 0.3, 0.99, 0.01
MIN_PIXELS = 0.99  # of a network that nobody trained: its classes are nearer to each other
STREET = glob.glob("/usr/share/doc/opencv-doc/examples/data/vtest.avi*")


def detections(model, precision, argv):
    """One list a picture of (label, score, box)."""
    out = []
    for line in run(os.path.join(BUILD, "half_run"), model, precision, *argv).decode().splitlines():
        if line == "picture":
            out.append([])
        else:
            label, score, *box = line.split()
            out[-1].append((int(label), float(score), [float(v) for v in box]))
    return out


def lost(some, others):
    """Those of `some` above the floor that `others` lack, and the smallest IoU and largest
    difference of scores of the rest."""
    left, missing, least, most = list(others), [], 1.0, 0.0
    for d in some:
        if d[1] <= FLOOR:
            continue
        best = max((o for o in left if o[0] == d[0]), key=lambda o: iou(o[2], d[2]), default=None)
        if best is None or iou(best[2], d[2]) <= MIN_IOU or abs(best[1] - d[1]) > NEAR:
            missing.append((d, best))
            continue
        left.remove(best)
        least, most = min(least, iou(best[2], d[2])), max(most, abs(best[1] - d[1]))
    return missing, least, most


def check(name, model, pictures, folder):
    argv = []
    for i, p in enumerate(pictures):
        path = os.path.join(folder, f"{i}.rgb")
        with open(path, "wb") as f:
            f.write(np.ascontiguousarray(p, dtype=np.uint8).tobytes())
        argv += [path, p.shape[1], p.shape[0]]
    full, half = (detections(model, p, argv) for p in ("fp32", "fp16"))
    assert len(full) == len(half) == len(pictures)
    assert full != half, "nothing was rounded"
    found, least, most = 0, 1.0, 0.0
    for a, b in zip(full, half):
        for some, others in ((a, b), (b, a)):
            missing, i, s = lost(some, others)
            assert not missing, f"{name}: {missing}"
            least, most = min(least, i), max(most, s)
        found += sum(d[1] > FLOOR for d in a)
    print(f"{name}: {found} detections on {len(pictures)} pictures, IoU at least {least:.5f}, "
          f"scores within {most:.5f}")
    assert found >= len(pictures)


def segments(pictures, folder):
    """DeepLabV3+ gives the same class to nearly all pixels."""
    from deeplab_parity import damp_branches, reference, seed_norms, spread_head, torch
    from deeplab_twin import DeepLabV3Plus
    torch.manual_seed(4)
    model = DeepLabV3Plus("resnet50", 16, width=32, width_per_group=8).eval()
    seed_norms(model, 4)
    damp_branches(model)
    small = [p.resize((p.width // 4, p.height // 4)) for p in pictures]
    spread_head(model, reference(model, small[0], 96)[1])
    torch.save(model.state_dict(), os.path.join(folder, "seg.pth"))
    gdw = convert(os.path.join(folder, "seg.pth"), os.path.join(folder, "seg.gdw"), "--arch",
                  "deeplabv3plus_resnet50", "--set", "input.short=96")
    argv = []
    for i, p in enumerate(small):
        argv += [os.path.join(folder, f"s{i}.rgb"), p.width, p.height]
        with open(argv[-3], "wb") as f:
            f.write(p.tobytes())
    full, half = ([np.frombuffer(bytes.fromhex(line), np.uint8) for line in
                   run(os.path.join(BUILD, "half_run"), gdw, p, *argv).decode().splitlines()
                   if line != "picture"] for p in ("fp32", "fp16"))
    assert len(full) == len(half) == len(small)
    for p, a, b in zip(small, full, half):
        equal = float((a == b).mean())
        print(f"deeplabv3plus_resnet50 {p.width}x{p.height}: {len(np.unique(a))} classes, "
              f"{equal:.4%} of the pixels equal")
        assert equal >= MIN_PIXELS and equal < 1, "too few, or nothing was rounded"


def street(count):
    """Frames apart from each other, or none where there is no OpenCV."""
    try:
        import cv2
    except ImportError:
        return []
    video, frames = cv2.VideoCapture(STREET[0]), []
    while len(frames) < count:
        for _ in range(200):
            good, frame = video.read()
        if not good:
            break
        frames.append(frame[:, :, ::-1])
    return frames


with workspace() as folder:
    few = 2 if SANITIZED else 8
    source = os.path.join(DATA, "coco-mini/dev/images")
    pictures = [np.array(load(os.path.join(source, n))) for n in sorted(os.listdir(source))[:few]]
    weights = os.path.join(DATA, "yolox/yolox_nano.pth")
    if os.path.exists(weights):
        nano = convert(weights, os.path.join(folder, "nano.gdw"), "--arch", "yolox_nano")
        check("yolox_nano", nano, pictures, folder)
    segments([load(os.path.join(source, n)) for n in sorted(os.listdir(source))[:max(1, few // 4)]], folder)
    pedestrian = os.path.join(ROOT, "weights/pretrained/pedestrian.gdw")
    frames = street(1 if SANITIZED else 3) if STREET else []
    if frames:
        check("pedestrian", pedestrian, frames, folder)
    else:
        print("pedestrian: left out, OpenCV and its vtest.avi are not here")
