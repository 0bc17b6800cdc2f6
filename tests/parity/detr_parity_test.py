# detr_parity_test.py -- DETR against live transformers: both key names, sizes, padded batches.
"""Seeded weights of DetrForObjectDetection, whose heads are spread as a trained one's and whose
attention is sharp enough that pictures matter. Every query is compared: class, score, box."""
import os
import subprocess
import sys

ROOT = os.environ.get("GD_ROOT", os.getcwd())
PYTHON = os.path.join(ROOT, "build/venv/bin/python")
if sys.executable != PYTHON:
    if not os.path.exists(PYTHON) or subprocess.run([PYTHON, "-c", "import transformers, timm"],
                                                    stderr=subprocess.DEVNULL, check=False).returncode:
        print("skipped: no transformers and timm in build/venv")
        sys.exit(77)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.execv(PYTHON, [PYTHON, *sys.argv])

from parity import (SANITIZED, convert, detect, differences, load, pictures, seed_norms, torch,
                    workspace)
from seeded import damp_branches
from transformers import DetrConfig, DetrForObjectDetection, DetrImageProcessor

CLASSES, ALL = 91, 1 << 30
TO_PIXELS = DetrImageProcessor()


def seeded(seed, image, **config):
    """A model whose queries differ, whose biases are not 0 and whose heads find things."""
    torch.manual_seed(seed)
    model = DetrForObjectDetection(DetrConfig(use_timm_backbone=True, use_pretrained_backbone=False,
                                              num_labels=CLASSES, **config)).eval()
    seed_norms(model, seed)
    damp_branches(model)
    with torch.no_grad():
        model.model.query_position_embeddings.weight.normal_()
        for name, v in model.named_parameters():
            if "norm" in name and "backbone" not in name:
                v.add_(torch.randn(v.shape) * 0.1)
            elif name.endswith("proj.bias") or ".fc" in name and name.endswith("bias"):
                v.normal_(0, 0.1)
            elif "q_proj.weight" in name or "k_proj.weight" in name:
                v.mul_(2)
        out = model(**TO_PIXELS(images=image, return_tensors="pt", do_resize=False))
        model.class_labels_classifier.weight *= 3 / out.logits.std()
        model.bbox_predictor.layers[-1].weight *= 1 / torch.logit(out.pred_boxes).std()
    return model


def reference(model, images, **options):
    """[[(label, score, box)]] of the pictures, which are padded to one size."""
    inputs = TO_PIXELS(images=images, return_tensors="pt", **options)
    with torch.no_grad():
        out = model(**inputs)
    sizes = torch.tensor([(i.height, i.width) for i in images])
    found = TO_PIXELS.post_process_object_detection(out, threshold=0.0, target_sizes=sizes)
    return [list(zip(f["labels"].tolist(), f["scores"].tolist(), f["boxes"].tolist())) for f in found]


def same(what, model, ours, images, **options):
    """True: equal. False: not. None: the reference disagrees with itself without oneDNN."""
    theirs = reference(model, images, **options)
    wrong = [d for a, b in zip(ours, theirs) for d in differences(a, b, cut=ALL)[0]]
    print(f"{what}: {[len(t) for t in theirs]} queries, {len(wrong)} differ", *wrong[:3], flush=True)
    if not wrong:
        return all(theirs)
    with torch.backends.mkldnn.flags(enabled=False):
        again = reference(model, images, **options)
    if not any(differences(a, b, cut=ALL)[0] for a, b in zip(again, theirs)):
        return False
    print(f"{what}: the reference disagrees with itself")
    return None


def save(model, arch, folder, state=None, name="hf"):
    pth, gdw = (os.path.join(folder, f"{arch}_{name}{end}") for end in (".pth", ".gdw"))
    torch.save(state or model.state_dict(), pth)
    return convert(pth, gdw, "--arch", arch)


def published(state):
    """The same weights under the names of the published files."""
    out = {}
    names = [("model.backbone.conv_encoder.model.", "backbone.0.body."),
             ("model.input_projection.", "input_proj."), ("model.query_position_embeddings.", "query_embed."),
             ("model.decoder.layernorm.", "transformer.decoder.norm."),
             ("class_labels_classifier.", "class_embed."), ("bbox_predictor.", "bbox_embed."),
             ("model.encoder.", "transformer.encoder."), ("model.decoder.", "transformer.decoder."),
             (".encoder_attn_layer_norm.", ".norm2."), (".self_attn_layer_norm.", ".norm1."),
             (".encoder_attn.", ".multihead_attn."), (".fc1.", ".linear1."), (".fc2.", ".linear2.")]
    for key, v in state.items():
        last = ".norm3." if "decoder" in key else ".norm2."
        for a, b in names + [(".final_layer_norm.", last)]:
            key = key.replace(a, b)
        if "q_proj" in key:
            parts = [state_key(state, v, p) for p in ("q_proj", "k_proj", "v_proj")]
            key, v = key.replace("q_proj.", "in_proj_"), torch.cat(parts)
        elif "k_proj" in key or "v_proj" in key:
            continue
        out[key] = v
    return {"model": out}


def state_key(state, query, part):
    """The tensor beside `query`, which is some layer's q_proj."""
    key = next(k for k, v in state.items() if v is query)
    return state[key.replace("q_proj", part)]


def found(gdw, paths, *argv):
    ours = detect(gdw, paths, "--conf", "0", *argv)
    return [ours[p] for p in paths]


def shrunk(paths, folder):
    """Two small pictures of different shapes: neither fills the canvas that they share."""
    out = []
    for i, (path, size) in enumerate(zip(paths, ((330, 201), (190, 315)))):
        out.append(os.path.join(folder, f"small{i}.png"))
        load(path).resize(size).save(out[-1])
    return out


def main():
    # Two layers and one where the whole depth would only take time: files say how many they have.
    shallow = {"encoder_layers": 2, "decoder_layers": 1}
    said = []
    with workspace() as folder:
        paths = pictures(folder, 7)
        first = load(paths[0]).resize((320, 256))
        model = seeded(1, first, **(shallow if SANITIZED else {}))
        gdw = save(model, "detr_resnet50", folder)
        few = paths[-1:] if SANITIZED else paths[-3:]
        size, small = {"height": 256, "width": 320}, ("--imgsz", "320x256")
        ours = found(gdw, few, *small)
        for path, mine in zip(few, ours):
            said.append(same(os.path.basename(path), model, [mine], [load(path)], size=size))
        if not SANITIZED:
            other = save(model, "detr_resnet50", folder, published(model.state_dict()), "fb")
            assert found(other, few, *small) == ours, "published names"
            said.append(same("800 x 1333", model, found(gdw, paths[:1]), [load(paths[0])]))
            pair = shrunk(paths, folder)
            batch = found(gdw, pair, "--imgsz", "native", "--batch", "2")
            said.append(same("padded", model, batch, [load(p) for p in pair], do_resize=False))
            for arch, config in (("detr_resnet50_dc5", {"dilation": True}),
                                 ("detr_resnet101", {"backbone": "resnet101"})):
                model = seeded(3, first.resize((160, 128)), **config, **shallow)
                mine = found(save(model, arch, folder), few[:1], "--imgsz", "160x128")
                said.append(same(arch, model, mine, [load(few[0])],
                                 size={"height": 128, "width": 160}))
    print(f"{len(said) - said.count(None)} of {len(said)} counted, {said.count(False)} failed")
    return 0 if False not in said and said.count(None) <= len(said) // 4 else 1


if __name__ == "__main__":
    sys.exit(main())
