# yolo_parity.py -- YOLOv5 and YOLOv8 from pickled modules against a PyTorch twin, for their tests.
import json
import os

from network import outputs
from parity import convert, differences, gdrun, iou, load, np, skip, torch, torchvision

try:
    import cv2
except ImportError as e:
    skip(f"no oracle: {e}")
import yolo_twin

CONF, MANY, IOU, NEAR = 0.25, 0.15, 0.45, 1e-4
SIZE = {32: 256, 64: 320}  # by the deepest stride; one picture of each nano model has 640


def letterbox(path, size, multiple):
    """Network input f32 [h, w, 3], RGB in 0..1; ratio, left and top."""
    picture = np.asarray(load(path))
    h, w = picture.shape[:2]
    r = min(size / h, size / w)
    nh, nw = round(h * r), round(w * r)
    ph, pw = size - nh, size - nw
    if multiple:
        ph, pw = ph % multiple, pw % multiple
    top, left = round(ph / 2 - 0.1), round(pw / 2 - 0.1)
    small = cv2.resize(picture, (nw, nh), interpolation=cv2.INTER_LINEAR)
    out = cv2.copyMakeBorder(small, top, ph - top, left, pw - left, cv2.BORDER_CONSTANT,
                             value=(114, 114, 114))
    return out.astype(np.float32) / 255, r, (left, top), (w, h)


def side(model):
    """Of a small network input, and what its sides are multiples of."""
    stride = int(model.stride.max())
    return SIZE[stride], stride


def as_input(image):
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))


def to_source(box, r, left, top, w, h):
    """Boxes in pixels of the picture, ended where it ends."""
    box = (box.double() - torch.tensor([left, top, left, top])) / r
    return torch.minimum(box.clamp(min=0), torch.tensor([w, h, w, h])).tolist()


def every_class(model, path):
    """The same where a box counts for each of its classes."""
    image, r, (left, top), (w, h) = letterbox(path, *side(model))
    with torch.no_grad():
        box, score = model.model[-1].decode(model(as_input(image)))
    doubt = ((score - MANY).abs() < NEAR).any(1)
    unsure = to_source(box[doubt], r, left, top, w, h)
    row, label = (score > MANY).nonzero().T
    box, score = box[row], score[row, label]
    keep = torchvision.ops.batched_nms(box, score, label, IOU)[:300]
    box = to_source(box, r, left, top, w, h)
    return [(int(label[i]), float(score[i]), box[i]) for i in keep], unsure


def reference(model, path, size, multiple):
    """[(class, score, box)], and the boxes that rounding decides: two classes score alike, or the
    score is that of the threshold."""
    image, r, (left, top), (w, h) = letterbox(path, size, multiple)
    with torch.no_grad():
        box, score = model.model[-1].decode(model(as_input(image)))
    best, label = score.topk(min(2, score.shape[1]), 1)
    second = best[:, 1] if best.shape[1] > 1 else torch.zeros(len(best))
    best, label = best[:, 0], label[:, 0]
    doubt = (best > CONF - NEAR) & ((best - second < NEAR) | ((best - CONF).abs() < NEAR))

    keep = best > CONF
    unsure = to_source(box[doubt], r, left, top, w, h)
    box, best, label = box[keep], best[keep], label[keep]
    keep = torchvision.ops.batched_nms(box, best, label, IOU)[:300]
    box = to_source(box, r, left, top, w, h)
    return [(int(label[i]), float(best[i]), box[i]) for i in keep], unsure


def check_heads(name, tag, model, gdw, path):
    image = letterbox(path, *side(model))[0]
    with torch.no_grad():
        raw = model(as_input(image))
    if isinstance(raw[0], tuple):
        nodes = [f"model.22.{b}.{i}.2" for i in range(3) for b in ("cv2", "cv3")]
        raw = [y for level in raw for y in level]
    else:
        nodes = [f"model.{len(model.model) - 1}.m.{i}" for i in range(len(raw))]
    worst = 0.0
    for fused in (False, True) if name.rstrip("6").endswith("n") else (True,):
        for ours, theirs in zip(outputs(gdw, image[None], nodes, fused), raw):
            theirs = theirs.permute(0, 2, 3, 1).numpy()
            worst = max(worst, float(np.abs(ours - theirs).max()))
    print(f"{tag}: raw heads of {image.shape[1]}x{image.shape[0]} within {worst:.1e}")
    return worst < 1e-4


def check_pictures(tag, gdw, paths, names, conf, theirs_of, *argv):
    """theirs_of(path): the reference's detections and the boxes in doubt."""
    out = json.loads(gdrun("detect", "-m", gdw, *paths, "--json", "-", "-q", "--conf", str(conf),
                           "--iou", str(IOU), *argv))
    ok, total = True, 0
    for frame in out["frames"]:
        path = frame["source"]
        ours = [(names.index(d["name"]), d["conf"], d["box"]) for d in frame["detections"]]
        theirs, unsure = theirs_of(path)
        wrong = [d for d in differences(ours, theirs, cut=300)[0]
                 if all(iou(d[2], box) <= 0.999 for box in unsure)]
        print(f"{tag} {os.path.basename(path)}: {len(theirs)} detections, {len(unsure)} in doubt, "
              f"{len(wrong)} differ", *wrong[:2])
        ok &= not wrong
        total += len(theirs)
    return ok and total > 0


def check(name, names, trained, folder, paths, full, few=False):
    """True if heads and detections are the twin's. full: of a picture at 640x640 as well, and where
    a box counts for each of its classes; few: detections of one picture only."""
    listed = list(names.values()) if isinstance(names, dict) else names
    tag = f"{name}/{len(listed)}"
    model = yolo_twin.build(name, names, 5)
    size, stride = side(model)
    model = yolo_twin.calibrate(model, torch.cat([as_input(letterbox(p, size, 0)[0]) for p in paths]))
    pt, gdw = os.path.join(folder, tag.replace("/", "-") + ".pt"), os.path.join(folder, "m.gdw")
    yolo_twin.checkpoint(model, pt, trained)
    convert(pt, gdw, "--set", f"input.size={size}x{size}")
    ok = check_heads(name, tag, model, gdw, paths[0])
    ok &= check_pictures(tag, gdw, paths[:1] if few else paths, listed, CONF,
                         lambda p: reference(model, p, size, stride))
    if full:
        ok &= check_pictures(tag + " at 640x640", gdw, paths[1:2], listed, CONF,
                             lambda p: reference(model, p, 640, 0), "--imgsz", "640x640")
        convert(pt, gdw, "--set", f"input.size={size}x{size}", "--set", "post.multi_label=1")
        ok &= check_pictures(tag + " every class", gdw, paths[1:2], listed, MANY,
                             lambda p: every_class(model, p))
    return ok
