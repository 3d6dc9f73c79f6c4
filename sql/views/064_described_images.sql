-- What `trailduck amis import` makes of an image that DescribeImages described.

CREATE OR REPLACE MACRO described_image(image VARCHAR) AS from_json(image, '{
    "Name": "VARCHAR", "Description": "VARCHAR", "OwnerId": "VARCHAR", "ImageOwnerAlias": "VARCHAR",
    "CreationDate": "VARCHAR", "DeprecationTime": "VARCHAR", "State": "VARCHAR", "Public": "VARCHAR",
    "Architecture": "VARCHAR", "PlatformDetails": "VARCHAR", "Platform": "VARCHAR", "RootDeviceType": "VARCHAR",
    "SourceImageId": "VARCHAR", "SourceImageRegion": "VARCHAR"
}');
COMMENT ON MACRO described_image IS 'The fields of an image that the table amis has columns for.';

-- Where a path names them, the innermost name counts: us-east-1/images.json, images-111122223333-eu-west-1.json
CREATE OR REPLACE MACRO region_in_path(path VARCHAR) AS regexp_extract_all(
    path, '(^|[^a-z0-9])((af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(-[a-z]+)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9])', 2
)[-1];
COMMENT ON MACRO region_in_path IS 'The AWS region that a path names, if any.';

CREATE OR REPLACE MACRO account_in_path(path VARCHAR) AS regexp_extract_all(path, '[0-9]+')
    .list_filter(lambda digits: len(digits) = 12)[-1];
COMMENT ON MACRO account_in_path IS 'The AWS account that a path names, if any.';
