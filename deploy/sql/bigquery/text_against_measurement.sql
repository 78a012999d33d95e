SELECT REGEXP_REPLACE(uri, r'.*/', '') AS clip, camera_agreement, camera_motion,
       ARRAY_AGG(move.label ORDER BY move.start_s) AS measured
FROM latest_motion, UNNEST(camera_moves) AS move
WHERE camera_agreement < 0.5
GROUP BY clip_id, uri, camera_agreement, camera_motion
ORDER BY camera_agreement
