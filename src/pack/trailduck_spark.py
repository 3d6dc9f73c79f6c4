"""trailduck's views, detections and queries in a Spark session.

    from trailduck_spark import open_events

    open_events(spark, export="s3://bucket/lake")
    spark.sql("SELECT * FROM launches_after_deprecated_query(hours => 72)").show()
"""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))

# small beside the events, and read by many queries
MARTS = ["MARTS"]


def statements(script, values=None):
    """The statements of one of the scripts beside this file, `${name}` replaced by its value."""
    with open(os.path.join(HERE, script), encoding="utf-8") as file:
        text = file.read()
    for name, value in (values or {}).items():
        if re.search(r"[`'\\;\n]", value):
            raise ValueError(f"{name}: a path with quotes, backslashes or semicolons cannot be read: {value!r}")
        text = text.replace("${" + name + "}", value)
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]


def open_events(spark, export=None, cloudtrail=None, tables=None, where=None, marts=None):
    """Makes the views and functions known to the session.

    export      the folder that `trailduck export --format parquet` wrote, or
    cloudtrail  where CloudTrail's own files lie; several paths as a list
    tables      an export whose tables (exceptions, places, inventories) to use; that of `export` unless given
    where       a condition on the events: all else sees those alone. On an export it may name the partitions:
                "date >= '2026-10-01' AND account = '111122223333'"
    marts       a folder in which to keep the rows of the small views that many queries read. They are computed now, once;
                without it they are computed by each query
    """
    if (export is None) == (cloudtrail is None):
        raise ValueError("give either export or cloudtrail")
    if export is not None:
        run(spark, statements("events_parquet.sql", {"export": export.rstrip("/")}))
    else:
        # Spark takes several paths where it takes a list, which SQL does not
        first, *others = statements("events_json.sql", {"cloudtrail": ""})
        schema = re.search(r"\((.*)\)\nUSING", first, re.S).group(1)
        options = {"recursiveFileLookup": True, "multiLine": True, "pathGlobFilter": "*.json*"}
        spark.read.schema(schema).options(**options).json(cloudtrail).createOrReplaceTempView("cloudtrail_files")
        run(spark, others)
    if where is not None:
        spark.table("events").where(where).createOrReplaceTempView("events")
    tables = tables or export
    if tables is None:
        run(spark, statements("tables_empty.sql"))
    else:
        run(spark, statements("tables_parquet.sql", {"export": tables.rstrip("/")}))
    run(spark, statements("trailduck.sql"), marts)


def run(spark, all_statements, marts=None):
    for statement in all_statements:
        spark.sql(statement)
        view = re.search(r"^CREATE OR REPLACE TEMPORARY VIEW (\w+) AS", statement, re.M)
        if marts is not None and view and view.group(1) in MARTS:
            name = view.group(1)
            path = f"{marts.rstrip('/')}/{name}"
            spark.table(name).write.mode("overwrite").parquet(path)
            spark.read.parquet(path).createOrReplaceTempView(name)
