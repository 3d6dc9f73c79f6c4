/* ---
title = "What was rejected at loading"
description = "One row per file and reason, those with the most first, each with the first that was. Of each file the first 10,000 are known one by one."
display = ["path", "reason", "rejects", "first_record", "excerpt"]

[columns]
path = "The file."
reason = "Why it, or a record of it, could not be read."
rejects = "How many."
first_record = "Number of the first of them in the file, from 1; null when the file as a whole is meant."
byte_offset = "Where that begins, in bytes from the start of the decompressed file."
excerpt = "How that begins."
--- */
SELECT
    f.path,
    r.reason,
    count(*) AS rejects,
    min(r.record) AS first_record,
    min(r.byte_offset) AS byte_offset,
    min_by(r.excerpt, coalesce(r.record, 0)) AS excerpt
FROM rejects AS r
INNER JOIN files AS f ON f.file_id = r.file_id
GROUP BY f.file_id, f.path, r.reason
ORDER BY rejects DESC, f.path, r.reason, f.file_id
