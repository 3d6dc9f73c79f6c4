/* ---
title = "Images in use in some accounts, as of a moment"
description = """
As ami_usage_at, of the images that were launched in accounts that match a pattern. What is counted is counted over all
accounts."""
display = ["image_id", "name", "state", "deprecation_time", "running", "last_launch", "principals", "deprecated_at_launch", "release", "replacement"]

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment, as in 2026-10-06T02:45:52Z, UTC."

[[parameters]]
name = "account"
type = "VARCHAR"
default = "NULL"
description = "Only images that were launched in this account; * stands for anything."

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
SELECT u.*
FROM ami_usage_at(moment => moment) AS u
WHERE account IS NULL
   OR any_matches(u.accounts, account)
ORDER BY
    CASE
        WHEN u.running > 0 AND u.state = 'deprecated' THEN 1
        WHEN u.running > 0 AND u.state IN ('deregistered', 'disabled') THEN 2
        WHEN u.running > 0 AND u.state = 'unknown' THEN 3
        WHEN u.state = 'deprecated' THEN 4
        WHEN u.state <> 'available' THEN 5
        ELSE 6
    END,
    u.deprecation_time NULLS LAST,
    u.last_launch DESC,
    u.image_id
