"""The names that the packaged detector knows, and which of them speak against each other."""

from __future__ import annotations

#: The 80 classes of COCO (arXiv 1405.0312), in the order in which detectors trained on it number them.
COCO_NAMES = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("backpack", "umbrella", "handbag", "tie", "suitcase"),
    *("frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove"),
    *("skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"),
    *("banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake"),
    *("chair", "couch", "potted plant", "bed", "dining table", "toilet"),
    *("tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator"),
    *("book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)

#: Things that stay where they are. What moves before one of them, such as a child on a bed, is not it.
FIXED = frozenset(
    {
        *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "chair", "couch", "bed"),
        *("dining table", "toilet", "microwave", "oven", "toaster", "sink", "refrigerator", "potted plant"),
    }
)

#: Things that move on a person or in a person's hands, where the person is the name of what moves. Of
#: anything else, such as a train in a desert or the handle of a mower, detectors say them without reason.
GEAR = frozenset(
    {
        *("backpack", "umbrella", "handbag", "tie", "skis", "snowboard", "baseball bat", "baseball glove"),
        *("skateboard", "surfboard", "tennis racket", "frisbee"),
    }
)

#: What the packaged detector finds and no track is called; a kite is what it calls most things in drawings.
UNSAYABLE = FIXED | GEAR | {"kite"}

#: What a person may ride, so that a region is both.
RIDDEN = frozenset({"bicycle", "motorcycle", "horse", "boat"})

#: What moves by itself, or with somebody inside.
MOVERS = frozenset(
    {
        *("person", "car", "motorcycle", "bicycle", "airplane", "bus", "train", "truck", "boat"),
        *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    }
)

#: Names that detectors mix up, and people too, such as for a pickup: their votes add up.
ALIKE = (frozenset({"car", "truck", "bus"}),)


def kind_of(name: str) -> frozenset[str]:
    """The names that mean the same as this one where the naming of a track is concerned."""
    return next((group for group in ALIKE if name in group), frozenset({name}))


def contradicts(other: str, name: str) -> bool:
    """Whether finding `other` in the same place speaks against the name.

    A bed does not: it stands behind what moves. Nor does what a person rides, wears or holds speak against
    the person.
    """
    if other in FIXED or other in kind_of(name):
        return False
    return name != "person" or (other in MOVERS and other not in RIDDEN)
