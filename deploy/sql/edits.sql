SELECT parse_filename(uri) AS clip, len(cuts) AS hard_cuts,
       len([one FOR one IN dissolves IF one.kind = 'dissolve']) AS dissolves,
       len([one FOR one IN dissolves IF one.kind != 'dissolve']) AS fades
FROM latest_motion
WHERE len(cuts) > 0 OR len(dissolves) > 0
ORDER BY hard_cuts DESC, dissolves DESC, clip
LIMIT 20
