"""Captions of single objects, as those of iMOVE-IT (arXiv 2502.11594): what each track shows and does.

Top to bottom: which tracks (`choice`), their pictures (`pictures`), whether a name fits them (`similarity`),
the captions of a multimodal LLM, each checked (`captioning`), those told from the measurement (`measured`).
"""
