SELECT REGEXP_REPLACE(uri, r'.*/', '') AS clip, label, repetitions, ROUND(period_s, 2) AS period_s
FROM object_tracks
WHERE repetitions IS NOT NULL
ORDER BY repetitions DESC, clip
LIMIT 20
