# torch_video.py -- the Python side of the video bench: OpenCV reads, draws and writes, PyTorch detects.
"""torch_video.py VIDEO WEIGHTS.pth OUT.mp4|null [--arch yolox_nano] [--device cpu] [--batch 1] [--threads 2]
[--frames N]: a detector and a tracker by IoU, one step after the other, as such pipelines are usually
written; on a GPU with autocast to FP16 and what can be compiled compiled. Prints one line of JSON."""
import argparse
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/parity"))
import yolox_twin  # noqa: E402

CONF = 0.5


class Yolox:
    SIZE, NMS = 416, 0.65

    def __init__(self, weights, arch, device):
        self.model = yolox_twin.YOLOX(arch.split("_")[1]).eval()
        self.model.load_state_dict(torch.load(weights, map_location="cpu")["model"])
        self.model.to(device)
        self.device = device

    def detect(self, frames):
        h, w = frames[0].shape[:2]
        r = min(self.SIZE / h, self.SIZE / w)
        box = np.full((len(frames), self.SIZE, self.SIZE, 3), 114, np.uint8)
        for i, bgr in enumerate(frames):
            small = cv2.resize(bgr, (int(w * r), int(h * r)), interpolation=cv2.INTER_LINEAR)
            box[i, :small.shape[0], :small.shape[1]] = small
        x = torch.from_numpy(np.ascontiguousarray(box.transpose(0, 3, 1, 2))).to(self.device).float()
        for raw in self.model(x).float():
            score, label = (raw[:, 4:5] * raw[:, 5:]).max(1)
            keep = score >= CONF
            boxes = yolox_twin.decode(raw, self.SIZE)[keep] / r
            left = torchvision.ops.batched_nms(boxes, score[keep], label[keep], self.NMS)
            yield boxes[left].cpu().numpy(), score[keep][left].cpu().numpy(), label[keep][left].cpu().numpy()


class FasterRcnn:
    def __init__(self, weights, arch, device):
        self.model = getattr(torchvision.models.detection, arch)(
            weights=None, weights_backbone=None, box_score_thresh=CONF).eval()
        self.model.load_state_dict(torch.load(weights, map_location="cpu"))
        self.model.to(device)
        self.device = device
        if device.type == "cuda":
            self.model.to(memory_format=torch.channels_last)
            how = {"mode": "reduce-overhead", "dynamic": False}
            self.model.backbone = torch.compile(self.model.backbone, **how)
            self.model.rpn.head = torch.compile(self.model.rpn.head, **how)
            self.model.roi_heads.box_head = torch.compile(self.model.roi_heads.box_head, **how)

    def detect(self, frames):
        x = torch.from_numpy(np.stack(frames)).to(self.device).flip(3).permute(0, 3, 1, 2).float() / 255
        if self.device.type == "cuda":
            torch.compiler.cudagraph_mark_step_begin()
        for d in self.model(list(x)):
            yield tuple(d[k].float().cpu().numpy() for k in ("boxes", "scores", "labels"))


class Tracker:
    """IoU of 0.3 or more with the last box, best pairs first; 30 frames until a track is given up."""

    def __init__(self):
        self.next, self.boxes, self.ids, self.missed = 1, np.zeros((0, 4)), [], []

    def update(self, boxes):
        ids = [-1] * len(boxes)
        pairs = torchvision.ops.box_iou(torch.as_tensor(boxes).float().reshape(-1, 4),
                                        torch.as_tensor(self.boxes).float().reshape(-1, 4)).numpy()
        self.missed = [m + 1 for m in self.missed]
        while pairs.size and pairs.max() >= 0.3:
            i, j = np.unravel_index(pairs.argmax(), pairs.shape)
            ids[i], self.boxes[j], self.missed[j] = self.ids[j], boxes[i], 0
            pairs[i, :] = pairs[:, j] = -1
        for i, box in enumerate(boxes):
            if ids[i] < 0:
                ids[i] = self.next
                self.next += 1
                self.boxes = np.vstack([self.boxes, box])
                self.ids.append(ids[i])
                self.missed.append(0)
        keep = [k for k, m in enumerate(self.missed) if m <= 30]
        self.boxes = self.boxes[keep]
        self.ids, self.missed = [self.ids[k] for k in keep], [self.missed[k] for k in keep]
        return ids


def draw(bgr, ids, boxes, score, label):
    for track, box, s, k in zip(ids, boxes.astype(int), score, label):
        cv2.rectangle(bgr, tuple(map(int, box[:2])), tuple(map(int, box[2:])), (0, 200, 0), 2)
        cv2.putText(bgr, f"ID:{track} {int(k)} {s:.2f}", tuple(map(int, box[:2])), cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                    (0, 200, 0), 1)


def read(source, n):
    """Up to n frames."""
    frames = []
    while len(frames) < n:
        ok, bgr = source.read()
        if not ok:
            break
        frames.append(bgr)
    return frames


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("video")
    p.add_argument("weights")
    p.add_argument("out")
    p.add_argument("--arch", default="yolox_nano")
    p.add_argument("--device", default="cpu")
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--frames", type=int, default=1000000)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
        cv2.setNumThreads(a.threads)
    device = torch.device(a.device)
    torch.backends.cudnn.benchmark = True
    model = (Yolox if a.arch.startswith("yolox") else FasterRcnn)(a.weights, a.arch, device)
    tracker, source, sink, count, found = Tracker(), cv2.VideoCapture(a.video), None, 0, 0
    with torch.no_grad(), torch.autocast("cuda", torch.float16, enabled=device.type == "cuda"):
        if device.type == "cuda":  # compiling and choosing of kernels is not counted
            first = read(cv2.VideoCapture(a.video), a.batch)
            for _ in range(4):
                list(model.detect(first))
        started = time.perf_counter()
        while count < a.frames:
            frames = read(source, min(a.batch, a.frames - count))
            if not frames:
                break
            # The last, short batch would be compiled anew.
            full = frames + [frames[-1]] * (a.batch - len(frames)) if device.type == "cuda" else frames
            for bgr, (boxes, score, label) in zip(frames, model.detect(full)):
                ids = tracker.update(boxes)
                if a.out != "null":
                    draw(bgr, ids, boxes, score, label)
                    sink = sink or cv2.VideoWriter(a.out, cv2.VideoWriter_fourcc(*"mp4v"),
                                                   source.get(cv2.CAP_PROP_FPS), bgr.shape[1::-1])
                    sink.write(bgr)
                count, found = count + 1, found + len(boxes)
    if sink is not None:
        sink.release()
    print(json.dumps({"frames": count, "detections": found, "seconds": time.perf_counter() - started,
                      "torch": torch.__version__, "opencv": cv2.__version__}))


main()
