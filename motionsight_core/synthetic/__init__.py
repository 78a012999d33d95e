"""Renders small videos whose camera and object motion is known.

    from pathlib import Path

    from motionsight_core.synthetic import load_truth, render_catalog

    render_catalog(Path("rendered"), count=1, width=160, height=90, duration_s=1.0)
    print(load_truth(Path("rendered")))

Demo, tests and benchmarks use them.
"""

from motionsight_core.synthetic.camera import Poses, camera_poses
from motionsight_core.synthetic.random_scenes import KINDS, random_scene
from motionsight_core.synthetic.rendered_catalog import catalog, render_catalog
from motionsight_core.synthetic.rendering import frames, render, scene_truth
from motionsight_core.synthetic.scene import Encoding, Move, Repetitions, Scene, Sprite, Waypoint
from motionsight_core.synthetic.truth import Dissolve, SceneTruth, TrueTrack, load_truth, write_truth

__all__ = [
    "KINDS",
    "Dissolve",
    "Encoding",
    "Move",
    "Poses",
    "Repetitions",
    "Scene",
    "SceneTruth",
    "Sprite",
    "TrueTrack",
    "Waypoint",
    "camera_poses",
    "catalog",
    "frames",
    "load_truth",
    "random_scene",
    "render",
    "render_catalog",
    "scene_truth",
    "write_truth",
]
