SELECT parse_filename(uri) AS clip, label, round(speed, 2) AS speed, round(start_s, 1) AS from_s, round(end_s, 1) AS to_s
FROM object_tracks
ORDER BY speed DESC NULLS LAST
LIMIT 5
