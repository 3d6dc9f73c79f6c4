/* ---
title = "Images in use as of a moment"
description = """
Images that were launched until then, worst first: those that are deprecated, or gone, and of which instances are left;
by whom they were launched, whether they were deprecated at the time, and what to replace them with."""
display = ["image_id", "name", "state", "deprecation_time", "running", "last_launch", "principals", "deprecated_at_launch", "release", "replacement"]

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment, as in 2026-10-06T02:45:52Z, UTC."

[columns]
image_id = "The image."
name = "Its name."
owner_id = "Account that owns it."
owner_alias = "amazon, aws-marketplace, ..."
architecture = "x86_64, arm64, ..."
creation_date = "When it was made, UTC."
deprecation_time = "When it becomes, or became, deprecated, UTC; null: not to be, or nothing known."
state = "available, deprecated, disabled, deregistered; unknown where nothing says whether it is deprecated."
days_deprecated = "Days since it became deprecated."
first_launch = "When it was launched first, UTC."
last_launch = "When it was launched last, UTC."
launches = "How many launches there were."
deprecated_at_launch = "Whether it was deprecated when it was launched, at least once; null where nothing is known."
deprecated_at_last_launch = "Whether it was when it was launched last."
deprecated_launches = "How many launches there were while it was."
principals = "Who launched it, without what stands before the resource in an ARN."
regions = "Where."
accounts = "In which accounts."
instances = "Instances launched."
running = "Of these: not terminated as far as the log tells; stopped ones are among them."
running_instances = "Their ids."
release = "The old operating system that the name names: see ami_releases."
end_of_support = "Last day of its support."
replacement = "For an image that is not available: the newest available one in the inventory of the same owner, region, architecture and family of names."
replacement_name = "Its name."
sources = "Where what is known is from: log, inventory."
--- */
SELECT *
FROM ami_usage_as_of(utc_timestamp(nullif(moment, 'now')))
ORDER BY
    CASE
        WHEN running > 0 AND state = 'deprecated' THEN 1
        WHEN running > 0 AND state IN ('deregistered', 'disabled') THEN 2
        WHEN running > 0 AND state = 'unknown' THEN 3
        WHEN state = 'deprecated' THEN 4
        WHEN state <> 'available' THEN 5
        ELSE 6
    END,
    deprecation_time NULLS LAST,
    last_launch DESC,
    image_id
