#!/usr/bin/env python3
# train_pedestrian.py -- trains weights/pretrained/pedestrian: a narrow Faster R-CNN for one scene.
"""A Faster R-CNN with a ResNet-18 trunk of half width, a 64-channel pyramid and a 256-wide box
head, trained from scratch on frames of one video with boxes that another detector gave.

    train_pedestrian.py --frames DIR --labels labels.json --last 649 -o pedestrian.pth

labels.json holds COCO results whose image_id is the frame's number, DIR the frames as NNNN.jpg
with the number in the name. Frames after --last are never looked at.
"""
import argparse
import json
import os
import random
import re

import torch
import torchvision
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.resnet import BasicBlock, ResNet

WIDTH, PYRAMID, HEAD = 32, 64, 256


def narrow_resnet():
    net = ResNet(BasicBlock, [2, 2, 2, 2])
    net.inplanes = WIDTH
    net.conv1 = torch.nn.Conv2d(3, WIDTH, 7, 2, 3, bias=False)
    net.bn1 = torch.nn.BatchNorm2d(WIDTH)
    for i in range(4):
        layer = net._make_layer(BasicBlock, WIDTH << i, 2, stride=1 if i == 0 else 2)
        setattr(net, f"layer{i + 1}", layer)
    for m in net.modules():
        if isinstance(m, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    return net


def build(short, long):
    """Two classes (background, person); inputs keep their size where they are `short` high."""
    stages = {f"layer{i + 1}": str(i) for i in range(4)}
    body = BackboneWithFPN(narrow_resnet(), stages, [WIDTH << i for i in range(4)], PYRAMID)
    return FasterRCNN(body, min_size=short, max_size=long,
                      box_head=TwoMLPHead(PYRAMID * 49, HEAD),
                      box_predictor=FastRCNNPredictor(HEAD, 2))


class Frames(torch.utils.data.Dataset):
    def __init__(self, folder, labels, last):
        boxes = {}
        for d in json.load(open(labels)):
            x, y, w, h = d["bbox"]
            boxes.setdefault(d["image_id"], []).append([x, y, x + w, y + h])
        self.items = []
        for name in sorted(os.listdir(folder)):
            number = int(re.sub(r"\D", "", name))
            if number <= last:
                self.items.append((os.path.join(folder, name), boxes.get(number, [])))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        path, boxes = self.items[i]
        image = torchvision.io.read_image(path)
        return image, torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def augment(image, boxes):
    """Flip, scale jitter and colour jitter, on the device."""
    image = image.float() / 255
    if random.random() < 0.5:
        image = image.flip(2)
        boxes = boxes.clone()
        boxes[:, [0, 2]] = image.shape[2] - boxes[:, [2, 0]]
    image = (image - 0.5) * random.uniform(0.7, 1.3) + 0.5 + random.uniform(-0.15, 0.15)
    image = (image * torch.empty(3, 1, 1, device=image.device).uniform_(0.85, 1.15)).clamp(0, 1)
    s = random.uniform(0.6, 1.2)
    h, w = int(image.shape[1] * s), int(image.shape[2] * s)
    small = torch.nn.functional.interpolate(image[None], (h, w), mode="bilinear")[0]
    return small, boxes * s


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--frames", required=True)
    p.add_argument("--labels", required=True)
    p.add_argument("--last", type=int, default=649)
    p.add_argument("--epochs", type=int, default=40)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--lr", type=float, default=0.02)
    p.add_argument("--workers", type=int, default=8)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("-o", "--out", required=True)
    a = p.parse_args()
    random.seed(a.seed)
    torch.manual_seed(a.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = build(576, 1024).to(device).train()
    model.transform.min_size, model.transform.max_size = (1,), 1 << 20
    # The transform would undo the scale jitter: pictures are normalised, not resized.
    model.transform.resize = lambda image, target: (image, target)
    data = torch.utils.data.DataLoader(Frames(a.frames, a.labels, a.last), a.batch, shuffle=True,
                                       drop_last=True, num_workers=a.workers,
                                       collate_fn=lambda b: b, persistent_workers=a.workers > 0)
    params = [q for q in model.parameters() if q.requires_grad]
    opt = torch.optim.SGD(params, a.lr, momentum=0.9, weight_decay=1e-4, nesterov=True)
    steps = a.epochs * len(data)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, a.lr, total_steps=steps, pct_start=0.1)
    for epoch in range(a.epochs):
        total = 0.0
        for batch in data:
            pairs = [augment(i.to(device), b.to(device)) for i, b in batch]
            targets = [{"boxes": b, "labels": torch.ones(len(b), dtype=torch.int64, device=device)}
                       for _, b in pairs]
            losses = model([i for i, _ in pairs], targets)
            loss = sum(losses.values())
            opt.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(params, 5.0)
            opt.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{a.epochs} loss {total / len(data):.4f}", flush=True)
    state = {k: v.cpu() for k, v in model.state_dict().items()}
    torch.save(state, a.out)
    print(f"{sum(v.numel() for v in state.values())} numbers in {a.out}")


if __name__ == "__main__":
    main()
