# yolox.py -- what the tests of YOLOX share: the network's input, the raw head.
from network import outputs
from parity import np, skip

try:
    import cv2
except ImportError as e:
    skip(f"no oracle: {e}")
HEADS = ("head", "head#2", "head#3")  # the three levels, concatenated: box, object, classes


def letterbox(path, size):
    """Network input u8 [size, size, 3], BGR, and the ratio, as the official code makes them."""
    picture = cv2.imread(path)
    h, w = picture.shape[:2]
    ratio = min(size / h, size / w)
    small = cv2.resize(picture, (int(w * ratio), int(h * ratio)),
                       interpolation=cv2.INTER_LINEAR)
    out = np.full((size, size, 3), 114, np.uint8)
    out[: small.shape[0], : small.shape[1]] = small
    return out, ratio


def raw_head(model, image, fused=False):
    """[anchors, 85] of one input in float64: box as it is, object and classes through sigmoid."""
    levels = outputs(model, image[None], HEADS, fused)
    raw = np.concatenate([v.reshape(-1, v.shape[-1]) for v in levels]).astype(np.float64)
    raw[:, 4:] = 1 / (1 + np.exp(-raw[:, 4:]))
    return raw
