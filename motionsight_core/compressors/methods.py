"""The compressors by the names that tables give them."""

from __future__ import annotations

from motionsight_core.compressors.compressor import Compressor
from motionsight_core.compressors.kangaroo import Kangaroo
from motionsight_core.compressors.no_fusion import NoFusion
from motionsight_core.compressors.pllava import Pllava
from motionsight_core.compressors.pre_encoder import PreEncoder
from motionsight_core.compressors.qformer import QFormer
from motionsight_core.compressors.te_fusion import TeFusion

METHODS: dict[str, type[Compressor]] = {
    "none": NoFusion,
    "qwen2-vl": PreEncoder,
    "qformer": QFormer,
    "pllava": Pllava,
    "kangaroo": Kangaroo,
    "te": TeFusion,
}
