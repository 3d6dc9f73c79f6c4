"""trailduck's views, detections and queries in a Spark session.

    from trailduck_spark import open_events

    open_events(spark, export="s3a://bucket/lake")
    spark.sql("SELECT * FROM launches_after_deprecated_query(hours => 72)").show()
"""

import pkgutil
import re

# where trailduck.sql goes on with what is not needed for the detections
QUERIES = "-- The companion queries"


def open_events(spark, export=None, cloudtrail=None, tables=None, where=None, queries=True, marts=None):
    """Makes the views and functions known to the session.

    export      the folder that `trailduck export --format parquet` wrote, or
    cloudtrail  where CloudTrail's own files lie; several paths as a list
    tables      an export whose tables (exceptions, places, inventories) to use; that of `export` unless given
    where       a condition on the events: all else sees those alone. On an export it may name the partitions:
                "date >= '2026-10-01' AND account = '111122223333'"
    queries     whether to know the companion queries, too. The views that many of them read are then computed, now, which
                reads the events several times; without it there are the detections alone
    marts       a folder in which to keep the rows of these views, as Parquet; unless given, the executors keep them
    """
    version = tuple(int(part) for part in spark.version.split(".")[:2])
    if version < (4, 1):
        raise RuntimeError(f"this is Spark {spark.version}: recursive queries and Parquet's VARIANT came with Spark 4.1")
    if (export is None) == (cloudtrail is None):
        raise ValueError("give either export or cloudtrail")
    # what was opened before answers no more, should this fail
    spark.catalog.dropTempView("events")
    # moments in `where`, too
    spark.sql("SET TIME ZONE 'UTC'")
    try:
        open_views(spark, export, cloudtrail, tables, where, queries, marts)
    except Exception:
        spark.catalog.dropTempView("events")
        raise


def open_views(spark, export, cloudtrail, tables, where, queries, marts):
    if export is not None:
        run(spark, script("events_parquet.sql"), export=export)
    else:
        # Spark takes several paths where it takes a list, which SQL does not
        first, *others = statements(script("events_json.sql"), cloudtrail="")
        schema = re.search(r"\((.*)\)\nUSING", first, re.S).group(1)
        options = dict(re.findall(r"(\w+) '([^']*)'", first.split("OPTIONS", 1)[1]))
        del options["path"]
        spark.read.schema(schema).options(**options).json(cloudtrail).createOrReplaceTempView("cloudtrail_files")
        for statement in others:
            spark.sql(statement)
    if where is not None:
        spark.table("events").where(where).createOrReplaceTempView("events")
    tables = tables or export
    if tables is None:
        run(spark, script("tables_empty.sql"))
    else:
        run(spark, script("tables_parquet.sql"), export=tables)
    of_detections, of_queries = script("trailduck.sql").split(QUERIES)
    run(spark, of_detections)
    if not queries:
        return
    if marts is not None:
        run(spark, QUERIES + of_queries, marts=marts)
        return
    for statement in statements(QUERIES + of_queries):
        mart = re.search(r"^INSERT OVERWRITE DIRECTORY '\$\{marts\}/(\w+)'", statement, re.M)
        if mart:
            name = mart.group(1)
            spark.table(name).localCheckpoint().createOrReplaceTempView(name)
        elif "${marts}" not in statement:
            spark.sql(statement)


def run(spark, text, **folders):
    for statement in statements(text, **folders):
        spark.sql(statement)


def script(name):
    """The text of one of the scripts beside this file, which may be in an archive."""
    return pkgutil.get_data(__name__, name).decode()


def statements(text, **folders):
    """The statements of a script, `${name}` replaced by the folder that it stands for."""
    for name, folder in folders.items():
        if re.search(r"[`'\\;\n]", folder):
            raise ValueError(f"{name}: a path with quotes, backslashes or semicolons cannot be read: {folder!r}")
        text = text.replace("${" + name + "}", folder.rstrip("/"))
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]
