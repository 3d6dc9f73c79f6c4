-- More formats than JSON's, archives, and loads that are stopped.

COMMENT ON COLUMN files.path IS 'As found; bytes that are not UTF-8 are shown as U+FFFD. `-` is standard input, `archive.zip!/member` a member of an archive.';
COMMENT ON COLUMN files.format IS 'What the records came in: records (a Records object), ndjson, array, record, csv, lookup-events, cloudtrail-lake, athena, eventbridge, cloudwatch-logs, sns, sqs, elasticsearch; digest (CloudTrail digest file: holds no events); zip, tar (an archive: its members have rows of their own); other (not recognised).';
COMMENT ON COLUMN files.rejected IS 'Records that could not be read: the first 10,000 are in the table rejects.';

CREATE TABLE unfinished_files (
    file_id INTEGER NOT NULL
);
COMMENT ON TABLE unfinished_files IS 'Files of which a load that was stopped stored some events, but not all; empty as soon as these are deleted, at the latest by the next command.';
