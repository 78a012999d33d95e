"""What there is to do: a listing becomes shards of videos, and videos become clips."""
