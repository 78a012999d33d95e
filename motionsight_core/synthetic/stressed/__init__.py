"""Stressed scenes: small videos with known motion that are hard to measure.

    import numpy as np

    from motionsight_core.synthetic.stressed import STRESSORS, random_film

    film = random_film(np.random.default_rng(1), stressor="dissolves", width=160, height=90)
    print(STRESSORS, film.truth().dissolves)

A film is a shot (a plane, a world in three dimensions, a screen recording, or several of these edited), and
stressors laid over it; `SceneTruth.stressors` names both. `random_films` says which seeds are for tuning.
"""

from motionsight_core.synthetic.stressed.film import Film
from motionsight_core.synthetic.stressed.random_films import STRESSORS, random_film

__all__ = ["STRESSORS", "Film", "random_film"]
