SELECT parse_filename(uri) AS clip, camera_agreement, camera_motion,
       list_transform(camera_moves, lambda move: move.label) AS measured
FROM latest_motion
WHERE camera_agreement < 0.5
ORDER BY camera_agreement
