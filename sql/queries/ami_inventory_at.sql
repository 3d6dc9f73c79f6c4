/* ---
title = "What is known about images as of a moment"
description = """
Images that an inventory describes (`trailduck amis import`), that calls made or changed, or that were launched, with
their state as of a moment: by what the log says until then and by the last inventory. Images that did not exist yet are
left out."""
display = ["image_id", "name", "owner_id", "aws_region", "creation_date", "deprecation_time", "state", "sources"]

[[parameters]]
name = "moment"
type = "VARCHAR"
default = "'now'"
description = "The moment, as in 2026-10-06T02:45:52Z, UTC."

[columns]
image_id = "The image."
name = "Its name."
description = "Its description."
owner_id = "Account that owns it: as the inventory says, else the one that received calls to change it."
owner_alias = "amazon, aws-marketplace, ..."
aws_region = "As the import was told, else where it was launched or changed, else where images of the same answer were."
creation_date = "When it was made, UTC."
created_by = "principal of the call that made it, if that is in the log."
deprecation_time = "When it becomes, or became, deprecated, UTC; null: not to be, or nothing known."
state = "available, deprecated, disabled, deregistered; unknown where nothing says whether it is deprecated."
deregistered_at = "When it was deregistered, UTC."
deregistered_by = "principal of that call."
is_public = "Whether everyone may launch it."
architecture = "x86_64, arm64, ..."
platform = "Linux/UNIX, Windows, ..."
source_image_id = "Image of which it is a copy."
source_region = "Region of that image."
source_instance_id = "Instance of which it was made."
described_in = "The inventory that describes it."
described_at = "When that was taken, UTC."
sources = "Where this is from: log, inventory."
--- */
SELECT *
FROM ami_inventory_as_of(utc_timestamp(nullif(moment, 'now')))
ORDER BY image_id
