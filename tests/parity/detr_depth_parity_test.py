# detr_depth_parity_test.py -- DETR R50 with all its layers against the twin, every query compared.
"""detr_parity_test.py compares with transformers, which is not everywhere, and with two layers of each kind.
Here are six, with seeded weights under the published names, in pictures of different sizes."""
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


def reference(model, im):
    """[(label, score, box)] of every query."""
    with torch.no_grad():
        logits, boxes = (y[0] for y in model(to_input(im)[None]))
    score, label = logits.softmax(1)[:, :-1].max(1)
    c, half = boxes.split(2, 1)[0], boxes.split(2, 1)[1] / 2
    boxes = torch.cat((c - half, c + half), 1) * torch.tensor([im.width, im.height] * 2)
    return list(zip(label.tolist(), score.tolist(), boxes.tolist()))


def main():
    failed = counted = 0
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
        for im, path in zip(images, paths):
            theirs = reference(model, im)
            wrong = differences(found[path], theirs, cut=ALL)[0]
            scores = [score for _, score, _ in theirs]
            print(f"{im.width}x{im.height}: {len(theirs)} queries, scores {min(scores):.2f} to {max(scores):.2f}, "
                  f"{len(wrong)} differ", *wrong[:3], flush=True)
            assert max(scores) - min(scores) > 0.1, "queries hardly differ"
            with torch.backends.mkldnn.flags(enabled=False):
                again = reference(model, im) if wrong else theirs
            counted += not differences(again, theirs, cut=ALL)[0]
            failed += bool(wrong)
    print(f"{counted} of {len(images)} counted, {failed} failed")
    return 0 if failed == 0 and counted == len(images) else 1


if __name__ == "__main__":
    sys.exit(main())
