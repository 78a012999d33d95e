"""How long the rest of a long run takes, and what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_DAY_S = 86_400.0


@dataclass(slots=True)
class Estimate:
    """Extrapolates from what this process has done since the estimate was made."""

    total: int
    """Videos to do."""
    hourly_cost: float | None = None
    """Price of the machines that work on it, per hour, in whatever currency; None: unknown."""
    started_at_s: float = field(default_factory=time.monotonic)

    def remaining_s(self, done: int, *, now_s: float | None = None) -> float | None:
        """Seconds to go at the average pace so far; None while nothing is done."""
        if done <= 0:
            return None
        return self._elapsed_s(now_s) * max(0, self.total - done) / done

    def sentence(self, done: int, *, now_s: float | None = None) -> str:
        """For example `12.4 videos/s, about 2 h 5 min to go; cost 1.20, about 8.90 in all`."""
        remaining_s = self.remaining_s(done, now_s=now_s)
        if remaining_s is None:
            return ""
        elapsed_s = self._elapsed_s(now_s)
        text = f"{done / max(elapsed_s, 1e-9):.1f} videos/s, about {duration(remaining_s)} to go"
        if self.hourly_cost is None:
            return text
        so_far = elapsed_s / 3600 * self.hourly_cost
        in_all = (elapsed_s + remaining_s) / 3600 * self.hourly_cost
        return f"{text}; cost {so_far:.2f}, about {in_all:.2f} in all"

    def _elapsed_s(self, now_s: float | None) -> float:
        return (time.monotonic() if now_s is None else now_s) - self.started_at_s


def duration(seconds: float) -> str:
    """A length of time in its two largest units, such as `3 h 20 min`."""
    days, rest = divmod(round(seconds), round(_DAY_S))
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count or first == 3)
