SELECT uri, start_s, end_s, turn.about, turn.question, turn.reply
FROM latest_motion, UNNEST(dialogue) AS turn WITH OFFSET AS place
WHERE camera_agreement >= 0.5
ORDER BY uri, start_s, place
