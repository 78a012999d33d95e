"""Compressors of video tokens: k neighbouring frames in the decoder tokens of one (arXiv 2501.02955).

| name | class | fusion of k frames |
| --- | --- | --- |
| `none` | `no_fusion.NoFusion` | none: the baseline |
| `qwen2-vl` | `pre_encoder.PreEncoder` | before the encoder, in the channels of a patch |
| `qformer` | `qformer.QFormer` | after it, by learned queries |
| `pllava` | `pllava.Pllava` | after it, the mean |
| `kangaroo` | `kangaroo.Kangaroo` | after it, an MLP |
| `te` | `te_fusion.TeFusion` | through the encoder: k frames share its attention |

All stand on a SigLIP vision tower and are `compressor.Compressor`s; `methods.METHODS` names them. They need
the extra `models`; importing this package alone does not load torch.
"""
