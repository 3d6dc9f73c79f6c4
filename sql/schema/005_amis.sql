-- What an inventory said about images.

CREATE TABLE amis (
    image_id            VARCHAR PRIMARY KEY,
    aws_region          VARCHAR,
    account_id          VARCHAR,
    -- as DescribeImages names them
    name                VARCHAR,
    description         VARCHAR,
    owner_id            VARCHAR,
    owner_alias         VARCHAR,
    creation_date       TIMESTAMP,
    deprecation_time    TIMESTAMP,
    state               VARCHAR,
    is_public           BOOLEAN,
    architecture        VARCHAR,
    platform            VARCHAR,
    root_device_type    VARCHAR,
    source_image_id     VARCHAR,
    source_image_region VARCHAR,
    image               JSON NOT NULL,
    -- where that is from
    source              VARCHAR NOT NULL,
    described_at        TIMESTAMP NOT NULL,
    imported_at         TIMESTAMP NOT NULL
);
COMMENT ON TABLE amis IS 'Images as `aws ec2 describe-images` described them last, one row each: `trailduck amis import`.';
COMMENT ON COLUMN amis.aws_region IS 'Region that was asked, where the import was told or the path names it: the answer itself does not.';
COMMENT ON COLUMN amis.account_id IS 'Account that asked, where the import was told or the path names it.';
COMMENT ON COLUMN amis.creation_date IS 'CreationDate, UTC; null where it is no date.';
COMMENT ON COLUMN amis.deprecation_time IS 'DeprecationTime, UTC: from then on the image is deprecated. Null: not to be deprecated.';
COMMENT ON COLUMN amis.state IS 'State: available, pending, disabled, failed, ...';
COMMENT ON COLUMN amis.platform IS 'PlatformDetails, else Platform.';
COMMENT ON COLUMN amis.image IS 'The image with all that was said about it.';
COMMENT ON COLUMN amis.source IS 'The file; behind # the number of the answer in it, if it holds several.';
COMMENT ON COLUMN amis.described_at IS 'When the inventory was taken, UTC: as the import was told, else when its file was last changed.';
