"""Small compressors, trained to tell where a hopping object is (`_hops`)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import Blip2QFormerConfig, SiglipVisionConfig, SiglipVisionModel

from benchmarks._hops import MOMENTS, PATCH, SIZE, Hops
from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.methods import METHODS
from motionsight_core.compressors.qformer import QFormer

WIDTH = 64
LAYERS = 4
HEADS = 4
BATCH = 48
RATE = 1e-3
#: How far from its place of rest an object is said to hop, in patches; such moments weigh four times as much.
HOPPING = 0.35


@dataclass(frozen=True, slots=True)
class Score:
    """Of a trained compressor on clips that it was not trained on."""

    direction: float
    """Share of the hops whose way is told at their peak; chance is .25."""
    hopping_px: float
    """Root-mean-square error of places while the object hops, pixels of 32."""
    losses: list[float]
    """Of each training step."""
    cpu_s: float


class Reader(nn.Module):
    """In place of the LLM: two layers over all tokens, then places from the tokens of each group.

    Args:
        compressor: its tokens are `WIDTH` wide.
        groups: tokens of how many frames it reads.
    """

    def __init__(self, compressor: Compressor, groups: int) -> None:
        super().__init__()
        self.compressor = compressor
        self.group_place = nn.Parameter(0.02 * torch.randn(groups, 1, WIDTH))
        self.token_place = nn.Parameter(0.02 * torch.randn(compressor.tokens, WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                WIDTH, HEADS, 2 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(2)
        )
        read = compressor.tokens * WIDTH
        self.places = nn.Sequential(
            nn.LayerNorm(read),
            nn.Linear(read, 2 * WIDTH),
            nn.GELU(),
            nn.Linear(2 * WIDTH, 2 * MOMENTS // groups),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """[B, N, 3, SIZE, SIZE] to places [B, MOMENTS, 2], patches from the middle."""
        tokens = self.compressor(frames) + self.group_place + self.token_place
        groups = tokens.shape[1]
        read = tokens.flatten(1, 2)
        for layer in self.layers:
            read = layer(read)
        return self.places(read.unflatten(1, (groups, -1)).flatten(2)).reshape(-1, MOMENTS, 2)


def small_tower() -> SiglipVisionModel:
    """With random weights."""
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            image_size=SIZE,
            patch_size=PATCH,
            vision_use_head=False,
        )
    )


def image_tower(clips: Hops, *, steps: int) -> dict[str, Tensor]:
    """Weights of a tower that finds the object on single frames, as the paper's tower comes from images."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    tower = small_tower()
    head = nn.Linear(WIDTH, 3)
    trained = nn.ModuleList((tower, head))
    optimizer = torch.optim.AdamW(trained.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.05)
    side = SIZE // PATCH
    for step in range(steps):
        _set_rate(optimizer, step, steps)
        rows, moments = rng.integers(len(clips), size=256), rng.integers(MOMENTS, size=256)
        place = torch.from_numpy(clips.places[rows, moments]) + side / 2
        column, row = place.clamp(0, side - 0.01).long().unbind(1)
        answers = head(tower(_normalised(clips.pixels[rows, moments])).last_hidden_state)
        patch = row * side + column
        inside = answers[torch.arange(len(rows)), patch, 1:] - (place - torch.stack((column, row), 1))
        _step(trained, optimizer, nn.functional.cross_entropy(answers[:, :, 0], patch) + inside.abs().mean())
    return tower.state_dict()


def new_reader(method: str, tower: dict[str, Tensor], *, k: int, groups: int, seed: int) -> Reader:
    torch.manual_seed(seed)
    model = small_tower()
    model.load_state_dict(tower)
    if method != "qformer":
        return Reader(METHODS[method](model, k=k, out=WIDTH), groups)
    small = Blip2QFormerConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        encoder_hidden_size=WIDTH,
    )
    return Reader(QFormer(model, k=k, out=WIDTH, config=small), groups)


def train(reader: Reader, clips: Hops, *, frames: int, steps: int, seed: int) -> list[float]:
    """Trains all parts; the loss of each step."""
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(reader.parameters(), RATE, betas=(0.9, 0.98), weight_decay=0.05)
    losses = []
    for step in range(steps):
        _set_rate(optimizer, step, steps)
        rows = np.sort(rng.choice(len(clips), min(BATCH, len(clips)), replace=False))
        places = torch.from_numpy(clips.places[rows])
        weights = 1 + 3 * _hopping(clips, rows).float()
        told = reader(_shown(clips, rows, frames))
        error = nn.functional.smooth_l1_loss(told, places, beta=0.1, reduction="none").mean(-1)
        losses.append(_step(reader, optimizer, (error * weights).mean()))
    return losses


def score(reader: Callable[[Tensor], Tensor], clips: Hops, *, frames: int) -> tuple[float, float]:
    """`Score.direction` and `Score.hopping_px`."""
    batches = np.array_split(np.arange(len(clips)), math.ceil(len(clips) / 100))
    with torch.inference_mode():
        told = torch.cat([reader(_shown(clips, rows, frames)) for rows in batches]).numpy()
    at = np.arange(len(clips))[:, None], clips.peaks
    x, y = np.moveaxis(told[at] - clips.rests[at], -1, 0)
    ways = np.where(np.abs(x) > np.abs(y), np.where(x < 0, 0, 1), np.where(y < 0, 2, 3))
    squares = ((told - clips.places) ** 2).sum(-1)[_hopping(clips, np.arange(len(clips))).numpy()]
    return float((ways == clips.ways).mean()), PATCH * float(squares.mean()) ** 0.5


def trained_score(
    method: str,
    tower: dict[str, Tensor],
    clips: Hops,
    held_back: Hops,
    *,
    k: int,
    groups: int,
    steps: int,
    seed: int,
) -> Score:
    """Trains a method from the tower's weights and scores it on clips held back."""
    began = time.process_time()
    reader = new_reader(method, tower, k=k, groups=groups, seed=seed)
    losses = train(reader, clips, frames=k * groups, steps=steps, seed=seed)
    direction, hopping_px = score(reader, held_back, frames=k * groups)
    return Score(direction, hopping_px, losses, time.process_time() - began)


def _shown(clips: Hops, rows: NDArray[np.int64], frames: int) -> Tensor:
    """The frames that a model sees, evenly spread: [B, frames, 3, SIZE, SIZE]."""
    moments = ((np.arange(frames) + 0.5) * MOMENTS / frames).astype(int)
    return _normalised(clips.pixels[rows][:, moments])


def _normalised(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.moveaxis(pixels, -1, -3).astype(np.float32)) / 127.5 - 1


def _hopping(clips: Hops, rows: NDArray[np.int64]) -> Tensor:
    away = np.linalg.norm(clips.places[rows] - clips.rests[rows], axis=-1)
    return torch.from_numpy(away > HOPPING)


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = RATE * min(1, 10 * (step + 1) / steps) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
