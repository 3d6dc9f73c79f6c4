-- What was fetched from buckets.

CREATE TABLE objects (
    uri         VARCHAR NOT NULL,
    etag        VARCHAR NOT NULL,
    size        BIGINT NOT NULL,
    sha256      VARCHAR NOT NULL,
    passed_over BOOLEAN NOT NULL,
    load_id     INTEGER NOT NULL
);
COMMENT ON TABLE objects IS 'Every object that was fetched from a bucket, once per content: what has a row here is not fetched again.';
COMMENT ON COLUMN objects.uri IS 's3://bucket/key.';
COMMENT ON COLUMN objects.etag IS 'ETag as the list had it, with its quotes: an object whose ETag or size is another is fetched again.';
COMMENT ON COLUMN objects.size IS 'Bytes, compressed as it came.';
COMMENT ON COLUMN objects.sha256 IS 'SHA-256 of its content, hexadecimal: files.sha256, unless it was passed over. (files.path is the object of this content that was fetched first.)';
COMMENT ON COLUMN objects.passed_over IS 'Whether it holds no CloudTrail log, and so has no row in files: it is fetched again only if it is named.';
COMMENT ON COLUMN objects.load_id IS 'The load that fetched it.';

COMMENT ON COLUMN files.path IS 'As found; bytes that are not UTF-8 are shown as U+FFFD. `-` is standard input, `archive.zip!/member` a member of an archive, `s3://bucket/key` an object of a bucket.';
