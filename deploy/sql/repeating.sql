SELECT parse_filename(uri) AS clip, label, repetitions, round(period_s, 2) AS period_s
FROM object_tracks
WHERE repetitions IS NOT NULL
ORDER BY repetitions DESC, clip
LIMIT 20
