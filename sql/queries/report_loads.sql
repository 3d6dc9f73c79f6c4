/* ---
title = "What was loaded, and when"
description = "One row per `trailduck load`, in order: what was given, how many files were new, and what was in them."
display = ["started_at", "arguments", "files", "new", "duplicate", "rejected"]

[columns]
load_id = "The load."
started_at = "When it began, UTC."
finished_at = "When it was done; null if it was stopped."
version = "Version of trailduck that loaded."
arguments = "The paths as they were given."
files = "Files read that had not been loaded before."
records = "Records in them: new, duplicate and rejected."
new = "Events added to the store."
duplicate = "Records whose event was in the store already."
rejected = "Records that could not be read."
--- */
SELECT
    l.load_id,
    l.started_at,
    l.finished_at,
    l.version,
    l.arguments,
    count(f.file_id) AS files,
    CAST(coalesce(sum(f.records), 0) AS BIGINT) AS records,
    CAST(coalesce(sum(f.new), 0) AS BIGINT) AS new,
    CAST(coalesce(sum(f.duplicate), 0) AS BIGINT) AS duplicate,
    CAST(coalesce(sum(f.rejected), 0) AS BIGINT) AS rejected
FROM loads AS l
LEFT JOIN files AS f ON f.load_id = l.load_id
GROUP BY l.load_id, l.started_at, l.finished_at, l.version, l.arguments
ORDER BY l.load_id
