SELECT REGEXP_REPLACE(uri, r'.*/', '') AS clip, label, ROUND(speed, 2) AS speed, ROUND(start_s, 1) AS from_s, ROUND(end_s, 1) AS to_s
FROM object_tracks
ORDER BY speed DESC NULLS LAST
LIMIT 5
