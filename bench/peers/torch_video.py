# torch_video.py -- the Python side of the video bench: OpenCV reads, draws and writes, PyTorch detects.
"""torch_video.py VIDEO WEIGHTS.pth OUT.mp4|null THREADS FRAMES: YOLOX-nano and a tracker by IoU, one frame after the
other, as such pipelines are usually written. Prints one line of JSON."""
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

SIZE, CONF, NMS = 416, 0.5, 0.65


def load(path):
    model = yolox_twin.YOLOX("nano").eval()
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])
    return model


def detect(model, bgr):
    h, w = bgr.shape[:2]
    r = min(SIZE / h, SIZE / w)
    box = np.full((SIZE, SIZE, 3), 114, np.uint8)
    small = cv2.resize(bgr, (int(w * r), int(h * r)), interpolation=cv2.INTER_LINEAR)
    box[:small.shape[0], :small.shape[1]] = small
    raw = model(torch.from_numpy(np.ascontiguousarray(box.transpose(2, 0, 1), dtype=np.float32))[None])[0]
    score, label = (raw[:, 4:5] * raw[:, 5:]).max(1)
    keep = score >= CONF
    boxes = yolox_twin.decode(raw, SIZE)[keep] / r
    left = torchvision.ops.batched_nms(boxes, score[keep], label[keep], NMS)
    return boxes[left].numpy(), score[keep][left].numpy(), label[keep][left].numpy()


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


def main():
    video, weights, out, threads, most = sys.argv[1:6]
    torch.set_num_threads(int(threads))
    cv2.setNumThreads(int(threads))
    model, tracker, source, sink, frames, found = load(weights), Tracker(), cv2.VideoCapture(video), None, 0, 0
    started = time.perf_counter()
    with torch.no_grad():
        while frames < int(most):
            ok, bgr = source.read()
            if not ok:
                break
            boxes, score, label = detect(model, bgr)
            for track, box, s, k in zip(tracker.update(boxes), boxes.astype(int), score, label):
                cv2.rectangle(bgr, tuple(map(int, box[:2])), tuple(map(int, box[2:])), (0, 200, 0), 2)
                cv2.putText(bgr, f"ID:{track} {k} {s:.2f}", tuple(map(int, box[:2])), cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                            (0, 200, 0), 1)
            if out != "null" and sink is None:
                sink = cv2.VideoWriter(out, cv2.VideoWriter_fourcc(*"mp4v"), source.get(cv2.CAP_PROP_FPS),
                                       bgr.shape[1::-1])
            if sink is not None:
                sink.write(bgr)
            frames, found = frames + 1, found + len(boxes)
    if sink is not None:
        sink.release()
    print(json.dumps({"frames": frames, "detections": found, "seconds": time.perf_counter() - started,
                      "torch": torch.__version__, "opencv": cv2.__version__}))


main()
