SELECT uri, start_s, end_s, turn.about, turn.question, turn.reply
FROM (SELECT *, unnest(dialogue) AS turn FROM latest_motion)
WHERE camera_agreement >= 0.5
ORDER BY uri, start_s
