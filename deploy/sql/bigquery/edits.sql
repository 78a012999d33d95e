SELECT REGEXP_REPLACE(uri, r'.*/', '') AS clip, ARRAY_LENGTH(cuts) AS hard_cuts,
       (SELECT COUNT(*) FROM UNNEST(dissolves) AS one WHERE one.kind = 'dissolve') AS dissolves,
       (SELECT COUNT(*) FROM UNNEST(dissolves) AS one WHERE one.kind != 'dissolve') AS fades
FROM latest_motion
WHERE ARRAY_LENGTH(cuts) > 0 OR ARRAY_LENGTH(dissolves) > 0
ORDER BY hard_cuts DESC, dissolves DESC, clip
LIMIT 20
