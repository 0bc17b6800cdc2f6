# pictures_test.py -- sizes and pixels of the network's input against torchvision, Pillow and OpenCV.
import glob
import hashlib
import json
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op_bridge import BUILD, DATA, Checks, need, run

np, torch, torchvision, PIL, cv2 = need("numpy", "torch", "torchvision", "PIL", "cv2")
from PIL import Image
from torchvision import transforms
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.transforms import functional as F

rng = np.random.default_rng(11)
checks = Checks()
TORCH, PIL_BILINEAR, PIL_BICUBIC, OPENCV, NEAREST = range(5)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
GEOMETRY = os.path.join(BUILD, "geometry_run")


def geometry(rule, sizes, short=0, long=0, multiple=1, h=0, w=0):
    text = "\n".join(f"{a} {b}" for a, b in sizes)
    out = subprocess.run([GEOMETRY, rule, *map(str, (short, long, multiple, h, w))], input=text, text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [tuple(map(int, r[:6])) + tuple(map(float, r[6:])) for r in rows]


def geom_row(size, g):
    return np.array([[*size, g[0], g[1], g[2], g[3], g[6], g[7]]], np.float32)


def preprocess(picture, g, filter, row=None, **attr):
    h, w = picture.shape[:2]
    pixels = np.zeros((1, h * w + 5, 3), np.uint8)
    pixels[0, :h * w] = picture.reshape(-1, 3)
    return run("preprocess", [pixels, geom_row((h, w), g)], row=row, out_h=g[4], out_w=g[5],
               filter=filter, **attr)[0][0]


def sizes(n, low, high):
    return [tuple(int(v) for v in np.exp(rng.uniform(np.log(low), np.log(high), 2))) for _ in range(n)]


def shortest_edge():
    all_sizes = sizes(800, 20, 4000) + [(427, 640), (640, 427), (480, 640), (375, 500), (1333, 800),
                                        (800, 1333), (1, 1)]
    for size, g in zip(all_sizes, geometry("shortest_edge", all_sizes, 800, 1333, 32)):
        s = torch.tensor(size)
        scale = torch.min(800.0 / torch.min(s).float(), 1333.0 / torch.max(s).float()).item()
        new = [math.floor(float(v) * scale) for v in size]
        net = [math.ceil(v / 32) * 32 for v in new]
        checks.ok(g[:6] == (*new, 0, 0, *net), f"shortest edge of {size}: {g}, wanted {new} in {net}")
    checks.ok(geometry("shortest_edge", [(427, 640)], 800, 1333, 32)[0][:2] == (799, 1199),
              "640 x 427 becomes 1199 x 799")


def letterbox():
    all_sizes = sizes(400, 10, 5000)
    top_left = geometry("letterbox", all_sizes, h=416, w=416)
    middle = geometry("letterbox_center", all_sizes, h=416, w=416)
    close = geometry("letterbox_center", all_sizes, multiple=32, h=416, w=416)
    for size, g, c, m in zip(all_sizes, top_left, middle, close):
        r = min(416 / size[0], 416 / size[1])
        new = (max(int(size[0] * r), 1), max(int(size[1] * r), 1))
        checks.ok(g == (*new, 0, 0, 416, 416, r, r), f"letterbox of {size}: {g}")
        # Half the padding on each side, rounded on either side of the half.
        new = [max(round(v * r), 1) for v in size]
        pad = [round((416 - v) / 2 - 0.1) for v in new]
        checks.ok(c == (*new, *pad, 416, 416, r, r), f"centred letterbox of {size}: {c}")
        pad = [(416 - v) % 32 for v in new]
        net = [v + p for v, p in zip(new, pad)]
        pad = [round(p / 2 - 0.1) for p in pad]
        checks.ok(m == (*new, *pad, *net, r, r), f"letterbox of multiples of 32 of {size}: {m}")
    g = geometry("stretch", [(100, 300)], h=320, w=640)[0]
    checks.ok(g == (320, 640, 0, 0, 320, 640, 3.2, 640 / 300), f"stretch: {g}")


def center_crop():
    all_sizes = sizes(300, 30, 900)
    for size, g in zip(all_sizes, geometry("center_crop", all_sizes, short=256, h=224, w=224)):
        marks = np.zeros((size[0], size[1], 3), np.uint8)
        resized = F.resize(Image.fromarray(marks), 256)
        checks.ok(g[:2] == resized.size[::-1], f"resize of {size}: {g[:2]}, wanted {resized.size[::-1]}")
        # Where the crop starts: coordinates written into the pixels.
        if max(g[:2]) < 4096:
            yx = np.stack(np.meshgrid(np.arange(g[0]), np.arange(g[1]), indexing="ij")).astype(np.int32)
            corner = F.center_crop(torch.tensor(yx), 224)[:, 0, 0].tolist()
            checks.ok([-g[2], -g[3]] == corner, f"crop of {size}: {g[2:4]}, wanted {corner}")
    small = geometry("center_crop", [(50, 70)], short=40, h=64, w=48)[0]
    padded = F.center_crop(torch.ones(1, small[0], small[1]), [64, 48])
    rows = padded[0].sum(1).nonzero()[0].item()
    checks.ok((small[2], -small[3]) == (rows, round((small[1] - 48) / 2)), f"a picture below the crop: {small}")


def detection_transform():
    t = GeneralizedRCNNTransform(200, 333, MEAN, STD)
    t.eval()
    worst = 0
    for size in sizes(12, 40, 700) + [(200, 300), (57, 57)]:
        picture = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        want = t([F.to_tensor(picture)])[0].tensors[0].permute(1, 2, 0).numpy()
        g = geometry("shortest_edge", [size], 200, 333, 32)[0]
        for row in (None, "preprocess_ref_f32") if size[0] < 100 else (None,):
            got = preprocess(picture, g, TORCH, row, scale=1 / 255, mean=MEAN, std=STD)
            worst = max(worst, float(np.abs(got - want).max())) if got.shape == want.shape else math.inf
    checks.ok(worst < 1e-6, f"detection transform differs by {worst}")
    print(f"detection transform: largest difference {worst:.2e}")


def classification_transform():
    t = transforms.Compose([transforms.Resize(64), transforms.CenterCrop(56), transforms.ToTensor(),
                            transforms.Normalize(MEAN, STD)])
    for size in sizes(20, 40, 400):
        picture = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        want = t(Image.fromarray(picture)).permute(1, 2, 0).numpy()
        g = geometry("center_crop", [size], short=64, h=56, w=56)[0]
        got = preprocess(picture, g, PIL_BILINEAR, scale=1 / 255, mean=MEAN, std=STD)
        checks.ok(np.array_equal(got, want), f"classification transform of {size}: {np.abs(got - want).max()}")


def resizers():
    """Bytes of the resizers, by both rows, up and down, one axis alone, extreme aspects."""
    pairs = [(s, d) for s, d in zip(sizes(25, 1, 200), sizes(25, 1, 200))]
    pairs += [((40, 60), (20, 30)), ((40, 60), (40, 30)), ((40, 60), (80, 60)), ((33, 47), (33, 47)),
              ((1, 300), (7, 5)), ((300, 1), (9, 2))]
    for size, new in pairs:
        picture = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        if rng.random() < 0.5:  # extremes: where bicubic overshoots
            picture = (picture > 127).astype(np.uint8) * 255
        g = (*new, 0, 0, *new, 1, 1)
        image = Image.fromarray(picture)
        wanted = {PIL_BILINEAR: np.asarray(image.resize(new[::-1], Image.BILINEAR)),
                  PIL_BICUBIC: np.asarray(image.resize(new[::-1], Image.BICUBIC)),
                  OPENCV: cv2.resize(picture, new[::-1], interpolation=cv2.INTER_LINEAR),
                  NEAREST: torch.nn.functional.interpolate(
                      torch.tensor(picture).permute(2, 0, 1)[None].float(), size=new)[0].permute(1, 2, 0).numpy()}
        for filter, want in wanted.items():
            for row in (None, "preprocess_ref_f32") if size[0] * size[1] < 2000 and new[0] * new[1] < 2000 else (None,):
                got = preprocess(picture, g, filter, row, scale=1)
                checks.ok(np.array_equal(got, want), f"filter {filter}, {size} to {new}, {row}")


def yolox_goldens():
    names = glob.glob(os.path.join(DATA, "coco-mini", "dev", "images", "*.jpg"))
    table = os.path.join(DATA, "golden", "yolox_nano.inputs.dev.json")
    if not names or not os.path.exists(table):
        print("no pictures in GD_DATA: golden inputs not checked")
        return
    golden = json.load(open(table))
    golden = golden.get("images", golden) if isinstance(golden, dict) else golden
    seen = 0
    for item in golden if isinstance(golden, list) else [dict(v, file_name=k) for k, v in golden.items()]:
        name = str(item.get("file_name", item.get("image_id", "")))
        path = [p for p in names
                if os.path.splitext(os.path.basename(p))[0].lstrip("0") == os.path.splitext(name)[0].lstrip("0")]
        if not path:
            continue
        bgr = cv2.imread(path[0])
        if hashlib.sha256(bgr.tobytes()).hexdigest() != item["bgr_sha256"]:
            continue
        g = geometry("letterbox", [bgr.shape[:2]], h=416, w=416)[0]
        got = preprocess(np.ascontiguousarray(bgr[..., ::-1]), g, OPENCV, scale=1, swap_rb=1, pad=(114,) * 3)
        planes = np.ascontiguousarray(got.transpose(2, 0, 1)).astype(np.uint8)
        checks.ok(hashlib.sha256(planes.tobytes()).hexdigest() == item["input_chw_u8_sha256"],
                  f"network input of {name}")
        seen += 1
        if name.lstrip("0").startswith("139") and os.path.exists(DATA + "/golden/letterbox416_000000000139.png"):
            png = cv2.imread(DATA + "/golden/letterbox416_000000000139.png")
            checks.ok(np.array_equal(png, got), "letterbox picture of 139")
    checks.ok(seen >= 30, f"{seen} golden inputs compared")
    print(f"{seen} golden network inputs are equal")


shortest_edge()
letterbox()
center_crop()
detection_transform()
classification_transform()
resizers()
yolox_goldens()
checks.finish()
