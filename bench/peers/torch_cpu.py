# torch_cpu.py -- the PyTorch side of the CPU bench: one model, timed as model_bench times ours.
"""torch_cpu.py ARCH WEIGHTS.pth WIDTH HEIGHT RUNS THREADS: prints one line of JSON. The picture is
given as an 8-bit array; conversion, preprocessing and post-processing count on both sides."""
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/parity"))


def letterboxed(rgb, size):
    """YOLOX's input by OpenCV, as the official preproc does it."""
    import cv2
    h, w = rgb.shape[:2]
    r = min(size / h, size / w)
    out = np.full((size, size, 3), 114, np.uint8)
    small = cv2.resize(rgb[:, :, ::-1], (int(w * r), int(h * r)), interpolation=cv2.INTER_LINEAR)
    out[: small.shape[0], : small.shape[1]] = small
    return torch.from_numpy(np.ascontiguousarray(out.transpose(2, 0, 1), dtype=np.float32))[None]


def runner(arch, weights):
    """A function of the 8-bit picture that does what a user of the model would do."""
    state = torch.load(weights, map_location="cpu")
    if arch.startswith("yolox"):
        import yolox_twin
        model = yolox_twin.YOLOX(arch.split("_")[1]).eval()
        model.load_state_dict(state["model"])

        def detect(rgb):
            raw = model(letterboxed(rgb, 416))[0]
            score, label = (raw[:, 4:5] * raw[:, 5:]).max(1)
            keep = score >= 0.001
            boxes = yolox_twin.decode(raw, 416)[keep]
            return boxes[torchvision.ops.batched_nms(boxes, score[keep], label[keep], 0.65)]

        return detect
    if arch.startswith("fasterrcnn"):
        model = torchvision.models.detection.fasterrcnn_resnet50_fpn(
            weights=None, weights_backbone=None, num_classes=91).eval()
        model.load_state_dict(state)
        to_tensor = torchvision.transforms.functional.to_tensor
        return lambda rgb: model([to_tensor(rgb)])
    from PIL import Image
    from torchvision.transforms import functional as F
    model = getattr(torchvision.models, arch)().eval()
    model.load_state_dict(state)

    def classify(rgb):
        x = F.to_tensor(F.center_crop(F.resize(Image.fromarray(rgb), 256), 224))
        x = F.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        return model(x[None]).softmax(1).topk(5)

    return classify


def main():
    arch, weights = sys.argv[1:3]
    width, height, runs, threads = map(int, sys.argv[3:7])
    torch.set_num_threads(threads)
    rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    start = time.perf_counter()
    run = runner(arch, weights)
    load = time.perf_counter() - start
    times = []
    with torch.no_grad():
        for _ in range(runs + 1):
            start = time.perf_counter()
            run(rgb)
            times.append((time.perf_counter() - start) * 1e3)
    first, times = times[0], sorted(times[1:])
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line[:6] == "VmHWM:")
    print(json.dumps({"load": load * 1e3, "first": first, "best": times[0],
                      "median": times[len(times) // 2],
                      "upper_quartile": times[len(times) * 3 // 4], "peak_mib": peak / 1024,
                      "torch": torch.__version__, "torchvision": torchvision.__version__}))


if __name__ == "__main__":
    main()
