SELECT label, COUNT(DISTINCT uri) AS videos, COUNT(*) AS tracks, ROUND(AVG(speed), 2) AS speed, ROUND(AVG(name_score), 2) AS name_score
FROM object_tracks
WHERE label <> 'moving region'
GROUP BY label
ORDER BY videos DESC, label
