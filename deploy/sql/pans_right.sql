SELECT parse_filename(uri) AS clip, start_s, end_s, round(rate, 3) AS rate, round(confidence, 2) AS confidence
FROM camera_moves
WHERE label = 'pan_right'
ORDER BY rate DESC
