# torch_cuda.py -- the PyTorch side of the GPU bench: models in PyTorch's fastest modes, one call.
"""torch_cuda.py CASES.json OUT.json [--full] [--quick] [--seconds S] [--device cuda]: CASES is a list of
{"model", "arch", "weights", "picture", "batches", "precisions"}. For each it times, from the same 8-bit
picture: network (the forward pass on what preprocessing left on the device), device (8-bit pictures on
the device to results there) and host (8-bit pictures in page-locked memory to results in host memory).
--full tries every mode with every batch, --quick none that compiles. OUT is written after each row."""
import argparse
import gc
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import torch  # noqa: E402
import torchvision  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "tests/parity"))
# mode -> what it does; tf32 and fp16 are the precision, the rest is how PyTorch runs it.
CONF = 0.05  # least score of a detection, as bench/gpu_peers.py gives it to gdrun
COMPILED = ("compiled", "nhwc compiled", "compiled parts")


def selects(arch):
    """torchvision's detectors, which choose boxes in their forward pass: no graph, mixed types."""
    return arch.startswith(("fasterrcnn", "retinanet", "ssd"))


def modes(arch, precision, batch, full, quick):
    """Modes worth a try, best known first; measured on this stack (CONTRIBUTING.md, benches)."""
    whole = selects(arch)
    if precision == "fp16":
        best = ["eager", "compiled parts"] if whole else ["nhwc compiled", "nhwc graph"]
        rest = ["nhwc"] if whole else ["eager", "nhwc", "graph"]
    else:
        graph = "graph" if precision == "fp32" else "nhwc graph"
        best = ["eager"] if whole else [graph]
        rest = ["nhwc", "compiled parts"] if whole else ["eager", "nhwc", "nhwc compiled"] + [
            g for g in ("graph", "nhwc graph") if g != graph]
    wanted = best + rest if full else best
    return [m for m in wanted if not (quick and m in COMPILED)] or ["eager"]


def peers(device):
    """The parts of a model's work for each architecture: load(case), then before(pixels) -> input,
    network(input), after(output, sizes) -> results on the device."""
    mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225], device=device).view(1, 3, 1, 1)

    class Classifier:
        def __init__(self, case):
            self.model = getattr(torchvision.models, case["arch"])()
            self.model.load_state_dict(torch.load(case["weights"], map_location="cpu"))

        def before(self, u8, dtype, nhwc):
            x = u8.permute(0, 3, 1, 2)
            if min(x.shape[2:]) != 256:
                x = F.resize(x, 256, antialias=True)
            x = (F.center_crop(x, 224).float() / 255 - mean) / std
            return x.to(dtype, memory_format=torch.channels_last if nhwc else torch.contiguous_format)

        def network(self, x):
            return self.model(x)

        def after(self, y):
            return list(y.float().softmax(1).topk(5))

        def count(self, results):
            return len(results[0][0])

    class Yolox:
        def __init__(self, case):
            import yolox_twin
            self.twin, self.size = yolox_twin, 416 if case["arch"] in ("yolox_nano", "yolox_tiny") else 640
            self.model = yolox_twin.YOLOX(case["arch"].split("_")[1])
            state = torch.load(case["weights"], map_location="cpu", weights_only=False)
            self.model.load_state_dict(state["model"])

        def before(self, u8, dtype, nhwc):
            n, h, w, _ = u8.shape
            r = min(self.size / h, self.size / w)
            x = F.resize(u8.permute(0, 3, 1, 2).flip(1).float(), [int(h * r), int(w * r)], antialias=False)
            out = torch.full((n, 3, self.size, self.size), 114.0, device=u8.device, dtype=dtype)
            out[:, :, : x.shape[2], : x.shape[3]] = x
            return out.to(memory_format=torch.channels_last if nhwc else torch.contiguous_format)

        def network(self, x):
            return self.model(x)

        def after(self, y):
            found = []
            for raw in y.float():
                score, label = (raw[:, 4:5] * raw[:, 5:]).max(1)
                keep = score >= CONF
                boxes = self.twin.decode(raw, self.size)[keep]
                score, label = score[keep], label[keep]
                kept = torchvision.ops.batched_nms(boxes, score, label, 0.65)
                found += [boxes[kept], score[kept], label[kept]]
            return found

        def count(self, results):
            return len(results[0])

    class Detector:
        """torchvision's own: resizing, normalising and selection are in the model."""

        def __init__(self, case):
            least = "box_score_thresh" if case["arch"].startswith("fasterrcnn") else "score_thresh"
            self.model = getattr(torchvision.models.detection, case["arch"])(
                weights=None, weights_backbone=None, **{least: CONF})
            self.model.load_state_dict(torch.load(case["weights"], map_location="cpu"))

        def before(self, u8, dtype, nhwc):
            return list(u8.permute(0, 3, 1, 2).float() / 255)

        def network(self, x):
            return self.model(x)

        def after(self, y):
            return [d[k] for d in y for k in ("boxes", "scores", "labels")]

        def count(self, results):
            return len(results[0])

    class Detr:
        def __init__(self, case):
            import detr_twin
            self.model = detr_twin.Detr(*detr_twin.KINDS[case["arch"]])
            self.model.load_state_dict(torch.load(case["weights"], map_location="cpu"))

        def before(self, u8, dtype, nhwc):
            x = u8.permute(0, 3, 1, 2)
            h, w = x.shape[2:]
            r = min(800 / min(h, w), 1333 / max(h, w))
            if r != 1:
                x = F.resize(x, [round(h * r), round(w * r)], antialias=True)
            self.size = torch.tensor([w, h, w, h], device=u8.device)
            x = (x.float() / 255 - mean) / std
            return x.to(dtype, memory_format=torch.channels_last if nhwc else torch.contiguous_format)

        def network(self, x):
            return self.model(x)

        def after(self, y):
            score, label = y[0].float().softmax(2)[..., :-1].max(2)
            c, half = y[1].float().split(2, 2)
            return [torch.cat((c - half / 2, c + half / 2), 2) * self.size, score, label]

        def count(self, results):
            return int((results[1][0] > CONF).sum())

    class Segmenter:
        """The picture at the size it has; classes of its pixels."""

        def __init__(self, case):
            self.model = getattr(torchvision.models.segmentation, case["arch"])(
                weights=None, weights_backbone=None, num_classes=21, aux_loss=False)
            state = torch.load(case["weights"], map_location="cpu")
            self.model.load_state_dict({k: v for k, v in state.items() if not k.startswith("aux_")})

        def before(self, u8, dtype, nhwc):
            x = (u8.permute(0, 3, 1, 2).float() / 255 - mean) / std
            return x.to(dtype, memory_format=torch.channels_last if nhwc else torch.contiguous_format)

        def network(self, x):
            return self.model(x)["out"]

        def after(self, y):
            return [y.argmax(1).byte()]

        def count(self, results):
            return int(results[0][0].unique().numel())

    kinds = (("yolox", Yolox), ("detr", Detr), ("deeplab", Segmenter))

    def make(case):
        if selects(case["arch"]):
            return Detector(case)
        return next((kind for name, kind in kinds if case["arch"].startswith(name)), Classifier)(case)
    return make


class Run:
    """One model in one mode, ready to be timed."""

    def __init__(self, case, make, precision, mode, batch, device):
        self.device, self.precision, self.mode = device, precision, mode
        tf32 = precision != "fp32"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = True
        self.peer = make(case)
        self.whole = selects(case["arch"])
        self.nhwc = "nhwc" in mode or mode == "compiled parts"
        # Models that select boxes mix types in FP16, so autocast casts; the others are halved whole.
        self.half = precision == "fp16" and not self.whole
        self.dtype = torch.float16 if self.half else torch.float32
        model = self.peer.model.eval().to(device)
        if self.half:
            model = model.half()
        if self.nhwc:
            model = model.to(memory_format=torch.channels_last)
        self.peer.model = self.prepare(model)
        picture = torchvision.io.read_image(case["picture"], torchvision.io.ImageReadMode.RGB)
        one = picture.permute(1, 2, 0).contiguous()
        self.host = torch.stack([one] * batch)
        self.host = self.host.pin_memory() if device.type == "cuda" else self.host
        self.on_device = self.host.to(device)
        self.x = self.peer.before(self.on_device, self.dtype, self.nhwc)
        self.graph = None
        if "graph" in mode:
            self.capture()

    def prepare(self, model):
        if self.mode == "compiled parts":
            how = {"mode": "reduce-overhead", "dynamic": False}
            model.backbone = torch.compile(model.backbone, **how)
            if hasattr(model, "rpn"):
                model.rpn.head = torch.compile(model.rpn.head, **how)
                model.roi_heads.box_head = torch.compile(model.roi_heads.box_head, **how)
            else:
                model.head = torch.compile(model.head, **how)
        elif "compiled" in self.mode:
            model = torch.compile(model, mode="reduce-overhead", dynamic=False)
        return model

    def capture(self):
        """The forward pass recorded once and replayed, as PyTorch's CUDA graphs allow."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.peer.network(self.x)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.y = self.peer.network(self.x)
        self.graph = graph

    def forward(self, x):
        if self.graph is None:
            with torch.autocast("cuda", torch.float16, enabled=self.precision == "fp16" and
                                self.whole and self.device.type == "cuda"):
                if "compiled" in self.mode:
                    torch.compiler.cudagraph_mark_step_begin()
                return self.peer.network(x)
        if x is not self.x:
            self.x.copy_(x)
        self.graph.replay()
        return self.y

    def network(self):
        return self.forward(self.x)

    def device_run(self, u8=None):
        u8 = self.on_device if u8 is None else u8
        return self.peer.after(self.forward(self.peer.before(u8, self.dtype, self.nhwc)))

    def host_run(self):
        return [t.to("cpu") for t in self.device_run(self.host.to(self.device, non_blocking=True))]


def timed(run, seconds, device):
    """Medians and quantiles in ms, each run followed by a synchronisation."""
    sync = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    begin = time.perf_counter()
    for i in range(10):
        run()
        if i >= 2 and time.perf_counter() - begin > seconds:
            break
    sync()
    times, begin = [], time.perf_counter()
    while len(times) < 3 or (len(times) < 200 and time.perf_counter() - begin < seconds):
        start = time.perf_counter()
        run()
        sync()
        times.append((time.perf_counter() - start) * 1e3)
    t = torch.tensor(times, dtype=torch.float64)
    q = t.quantile(torch.tensor([0.25, 0.5, 0.75, 0.9, 0.99], dtype=torch.float64)).tolist()
    return {"runs": len(times), "best": min(times), "median": q[1], "p90": q[3], "p99": q[4],
            "spread": (q[2] - q[0]) / q[1]}


def peak(case, make, precision, mode, batch, device):
    """(most bytes of live tensors, bytes that the device held then, results) of a mode from its start.
    A recording takes its memory once and is counted then: its replays would seem to need none."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    run = Run(case, make, precision, mode, batch, device)
    for _ in range(5):
        results = run.peer.count(run.host_run())
    free, total = torch.cuda.mem_get_info()
    return torch.cuda.max_memory_allocated(), total - free, results


def measure(case, make, precision, mode, batch, seconds, device):
    start = time.perf_counter()
    with torch.inference_mode():
        run = Run(case, make, precision, mode, batch, device)
        ms = {"network": timed(run.network, seconds, device),
              "device": timed(run.device_run, seconds, device),
              "host": timed(run.host_run, seconds, device)}
        allocated, used, results = 0, 0, run.peer.count(run.host_run())
        # Again, now that cuDNN has chosen: its trials take workspaces that no later run needs.
        del run
        gc.collect()
        if device.type == "cuda":
            allocated, used, results = peak(case, make, precision, mode, batch, device)
    gc.collect()
    return {"model": case["model"], "precision": precision, "batch": batch, "mode": mode, "ms": ms,
            "results": results, "allocated_bytes": allocated, "used_bytes": used,
            "seconds": time.perf_counter() - start}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("cases")
    p.add_argument("out")
    p.add_argument("--full", action="store_true")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--seconds", type=float, default=2.0)
    p.add_argument("--device", default="cuda")
    a = p.parse_args()
    device = torch.device(a.device)
    make = peers(device)
    record = {"torch": torch.__version__, "torchvision": torchvision.__version__,
              "cuda": torch.version.cuda or "-", "cudnn": str(torch.backends.cudnn.version()),
              "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu", "rows": []}
    with open(a.cases, encoding="utf-8") as f:
        cases = json.load(f)
    for case in cases:
        for precision in case["precisions"]:
            for batch in case["batches"]:
                for mode in modes(case["arch"], precision, batch, a.full, a.quick):
                    if device.type != "cuda":
                        mode = "eager"
                    try:
                        row = measure(case, make, precision, mode, batch, a.seconds, device)
                        print(f"torch {case['model']} {precision} b{batch} {mode}: host "
                              f"{row['ms']['host']['median']:.3f} device {row['ms']['device']['median']:.3f} "
                              f"network {row['ms']['network']['median']:.3f} ms, "
                              f"{row['allocated_bytes'] / 2 ** 20:.0f} MiB, {row['results']} results, "
                              f"took {row['seconds']:.0f} s", flush=True)
                    except Exception as e:  # one mode that fails must not cost the others
                        row = {"model": case["model"], "precision": precision, "batch": batch,
                               "mode": mode, "error": f"{type(e).__name__}: {e}"[:500]}
                        print(f"torch {case['model']} {precision} b{batch} {mode}: {row['error']}",
                              flush=True)
                    if hasattr(torch, "compiler") and "compiled" in mode:
                        torch.compiler.reset()
                    record["rows"].append(row)
                    with open(a.out, "w", encoding="utf-8") as f:
                        json.dump(record, f, indent=1)


if __name__ == "__main__":
    main()
