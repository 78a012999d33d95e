"""Layouts beyond one encoder in one container, by what is special about them."""

from __future__ import annotations

from tests.core.campaign.layouts import Layout
from tests.core.campaign.structures.beside import streams_beside
from tests.core.campaign.structures.clocks import clocks, few_frames
from tests.core.campaign.structures.gops import groups_of_pictures, many_frames
from tests.core.campaign.structures.muxing import changed_files, muxer_options
from tests.core.campaign.structures.pictures import pixel_formats, sizes_and_shapes

STRUCTURES: dict[str, list[Layout]] = {
    "groups of pictures": groups_of_pictures(),
    "clocks": clocks(),
    "many frames": many_frames(),
    "few frames": few_frames(),
    "muxer options": muxer_options(),
    "changed files": changed_files(),
    "streams beside": streams_beside(),
}

PICTURES: dict[str, list[Layout]] = {
    "pixel formats": pixel_formats(),
    "sizes and shapes": sizes_and_shapes(),
}
