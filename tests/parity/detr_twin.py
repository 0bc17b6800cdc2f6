# detr_twin.py -- DETR in PyTorch, written from the paper, under the names of the published files.
"""Carion et al., End-to-End Object Detection with Transformers (2020). Norms come after the residual
additions, positions are sines, added to queries and keys in every layer. For benches and parity."""
import math

import torch
import torchvision
from torch import nn
from torchvision.models._utils import IntermediateLayerGetter


# name of the published file -> backbone, and whether its last stage is dilated
KINDS = {"detr_resnet50": ("resnet50", False), "detr_resnet101": ("resnet101", False),
         "detr_resnet50_dc5": ("resnet50", True)}


class Backbone(nn.Module):
    def __init__(self, name, dilation):
        super().__init__()
        net = getattr(torchvision.models, name)(replace_stride_with_dilation=[False, False, dilation],
                                                norm_layer=torchvision.ops.FrozenBatchNorm2d)
        self.body = IntermediateLayerGetter(net, return_layers={"layer4": "0"})

    def forward(self, x):
        return self.body(x)["0"]


class EncoderLayer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, mask, pos):
        q = x + pos
        x = self.norm1(x + self.self_attn(q, q, x, key_padding_mask=mask, need_weights=False)[0])
        return self.norm2(x + self.linear2(self.linear1(x).relu()))


class DecoderLayer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.multihead_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, x, memory, mask, pos, query):
        q = x + query
        x = self.norm1(x + self.self_attn(q, q, x, need_weights=False)[0])
        x = self.norm2(x + self.multihead_attn(x + query, memory + pos, memory, key_padding_mask=mask,
                                               need_weights=False)[0])
        return self.norm3(x + self.linear2(self.linear1(x).relu()))


class Layers(nn.Module):
    def __init__(self, layer, count, norm=None):
        super().__init__()
        self.layers = nn.ModuleList(layer() for _ in range(count))
        if norm:
            self.norm = norm


class Transformer(nn.Module):
    def __init__(self, width=256, heads=8, inner=2048):
        super().__init__()
        self.encoder = Layers(lambda: EncoderLayer(width, heads, inner), 6)
        self.decoder = Layers(lambda: DecoderLayer(width, heads, inner), 6, nn.LayerNorm(width))

    def forward(self, x, mask, pos, query):
        for layer in self.encoder.layers:
            x = layer(x, mask, pos)
        y = torch.zeros_like(query)
        for layer in self.decoder.layers:
            y = layer(y, x, mask, pos, query)
        return self.decoder.norm(y)


class Mlp(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width if i < 2 else out) for i in range(3))

    def forward(self, x):
        return self.layers[2](self.layers[1](self.layers[0](x).relu()).relu())


def sines(inside, width):
    """inside [B, h, w], true where there is a picture -> [B, h w, width]."""
    axes = []
    for axis in (1, 2):
        at = inside.float().cumsum(axis)
        at = at / (at.amax(axis, keepdim=True) + 1e-6) * 2 * math.pi
        k = torch.arange(width // 2, device=inside.device)
        at = at[..., None] / 10000 ** (2 * torch.div(k, 2, rounding_mode="floor") / (width // 2))
        axes.append(torch.stack((at[..., 0::2].sin(), at[..., 1::2].cos()), 4).flatten(3))
    return torch.cat(axes, 3).flatten(1, 2)


class Detr(nn.Module):
    def __init__(self, backbone="resnet50", dilation=False, outputs=92, queries=100, width=256):
        super().__init__()
        self.backbone = nn.ModuleList([Backbone(backbone, dilation)])
        self.input_proj = nn.Conv2d(2048, width, 1)
        self.transformer = Transformer(width)
        self.query_embed = nn.Embedding(queries, width)
        self.class_embed = nn.Linear(width, outputs)
        self.bbox_embed = Mlp(width, 4)

    def forward(self, x, padding=None):
        """x [B, 3, H, W], normalised; padding [B, H, W], true outside of the pictures. Logits
        [B, queries, outputs], the last for no object, and boxes (cx, cy, w, h) in shares of the picture."""
        f = self.input_proj(self.backbone[0](x))
        inside = torch.ones(f.shape[0], *f.shape[2:], dtype=torch.bool, device=x.device)
        mask = None
        if padding is not None:
            inside = nn.functional.interpolate((~padding)[:, None].float(), f.shape[2:])[:, 0] > 0.5
            mask = ~inside.flatten(1)
        pos = sines(inside, f.shape[1]).to(f.dtype)
        query = self.query_embed.weight[None].expand(f.shape[0], -1, -1)
        y = self.transformer(f.flatten(2).transpose(1, 2), mask, pos, query)
        return self.class_embed(y), self.bbox_embed(y).sigmoid()
