SELECT REGEXP_REPLACE(uri, r'.*/', '') AS clip, start_s, end_s, ROUND(rate, 3) AS rate, ROUND(confidence, 2) AS confidence
FROM camera_moves
WHERE label = 'pan_right'
ORDER BY rate DESC
