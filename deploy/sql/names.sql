SELECT label, count(DISTINCT uri) AS videos, count(*) AS tracks, round(avg(speed), 2) AS speed, round(avg(name_score), 2) AS name_score
FROM object_tracks
WHERE label <> 'moving region'
GROUP BY label
ORDER BY videos DESC, label
