# detr_depth_parity_test.py -- DETR R50 with all its layers against the twin, every query compared.
"""detr_parity_test.py compares with transformers, which is not everywhere, and with two layers of each kind.
Here are six, with seeded weights under the published names, in pictures of different sizes, one at a time and
in one padded batch."""
import os
import sys

import seeded
from parity import SANITIZED, convert, detect, differences, load, np, pictures, torch, workspace

ALL = 1 << 30
SIZES = ((320, 256), (256, 320), (352, 224), (640, 480))
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def to_input(im):
    x = torch.from_numpy(np.asarray(im)).float() / 255
    return ((x - MEAN) / STD).permute(2, 0, 1)


def reference(model, images):
    """[[(label, score, box)]] of every query, the pictures in one batch: zeros and a mask beside them."""
    h, w = max(im.height for im in images), max(im.width for im in images)
    x, padding = torch.zeros(len(images), 3, h, w), torch.ones(len(images), h, w, dtype=torch.bool)
    for i, im in enumerate(images):
        x[i, :, :im.height, :im.width] = to_input(im)
        padding[i, :im.height, :im.width] = False
    with torch.no_grad():
        logits, boxes = model(x, padding if padding.any() else None)
    score, label = logits.softmax(2)[..., :-1].max(2)
    c, half = boxes[..., :2], boxes[..., 2:] / 2
    sizes = torch.tensor([[im.width, im.height] * 2 for im in images])[:, None]
    boxes = torch.cat((c - half, c + half), 2) * sizes
    return [list(zip(*(t.tolist() for t in one))) for one in zip(label, score, boxes)]


def compare(what, model, images, found):
    """(1 where the reference agrees with itself, 1 where ours differs)"""
    theirs, bad = reference(model, images), []
    for ours, want in zip(found, theirs):
        bad += differences(ours, want, cut=ALL)[0]
        scores = [score for _, score, _ in want]
        assert max(scores) - min(scores) > 0.1, "queries hardly differ"
    print(f"{what}: {sum(map(len, theirs))} queries, {len(bad)} differ", *bad[:3], flush=True)
    with torch.backends.mkldnn.flags(enabled=False):
        again = reference(model, images) if bad else theirs
    return not any(differences(a, b, cut=ALL)[0] for a, b in zip(again, theirs)), bool(bad)


def main():
    with workspace() as folder:
        images = [load(p).resize(size) for p, size in zip(pictures(folder, 7)[-4:], SIZES)]
        images = images[:1] if SANITIZED else images
        paths = [os.path.join(folder, f"{i}.png") for i in range(len(images))]
        for im, path in zip(images, paths):
            im.save(path)
        model = seeded.build("detr_resnet50", to_input(images[0]))
        torch.save({"model": model.state_dict()}, os.path.join(folder, "detr.pth"))
        gdw = convert(os.path.join(folder, "detr.pth"), os.path.join(folder, "detr.gdw"), "--arch", "detr_resnet50")
        found = detect(gdw, paths, "--imgsz", "native", "--conf", "0")
        said = [compare(f"{im.width}x{im.height}", model, [im], [found[path]]) for im, path in zip(images, paths)]
        if not SANITIZED:
            found = detect(gdw, paths[:3], "--imgsz", "native", "--conf", "0", "--batch", "3")
            said.append(compare("a batch of three sizes", model, images[:3], [found[path] for path in paths[:3]]))
    counted, failed = (sum(column) for column in zip(*said))
    print(f"{counted} of {len(said)} counted, {failed} failed")
    return 0 if failed == 0 and counted == len(said) else 1


if __name__ == "__main__":
    sys.exit(main())
