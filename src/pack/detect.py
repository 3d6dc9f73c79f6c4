"""Runs trailduck's detections over days of CloudTrail, and writes the alerts as Parquet and NDJSON.

    spark-submit --py-files trailduck.zip detect.py --export s3a://bucket/lake --output s3a://bucket/alerts
    spark-submit --py-files trailduck.zip detect.py \\
        --cloudtrail 's3a://bucket/AWSLogs/*/CloudTrail/*/%Y/%m/%d' --output s3a://bucket/alerts

Without --from and --to it takes yesterday and today (UTC): run it each hour, and what CloudTrail delivers late is found,
too. What an earlier run found in a day stays, whatever this one looks at, and an alert has the same id each time:
`trailduck alerts import` takes the NDJSON or the Parquet, and knows what it has.
"""

import argparse
import datetime
import sys

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from trailduck_spark import open_events

ALERTS = """
SELECT
    alert_uuid(m.rule, m.event_id) AS alert_id,
    m.rule,
    m.event_id,
    m.event_time,
    m.severity,
    m.risk_score,
    m.suppressed_by AS exception,
    e.event_source,
    e.event_name,
    m.account_id,
    m.aws_region,
    m.principal,
    m.session_issuer_arn,
    m.access_key_id,
    m.source_ip_address,
    m.user_agent,
    m.facts,
    CAST(m.event_time AS DATE) AS date
FROM (
    SELECT
        *,
        to_json(struct(* EXCEPT (
            rule, severity, risk_score, event_id, event_time, account_id, aws_region, principal, session_issuer_arn,
            access_key_id, source_ip_address, user_agent, request_parameters, suppressed_by
        ))) AS facts
    FROM rule_matches_with_suppressed
    WHERE event_time >= DATE '{first}' AND event_time < DATE '{last}' + INTERVAL '1' DAY
) AS m
INNER JOIN events AS e ON e.event_id = m.event_id AND e.event_time = m.event_time
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--export", help="folder that `trailduck export --format parquet` wrote")
    source.add_argument("--cloudtrail", help="where CloudTrail's files lie; %%Y, %%m and %%d stand for the day of delivery")
    parser.add_argument("--tables", help="an export whose exceptions to apply; that of --export unless given")
    parser.add_argument("--output", required=True, help="folder to write to: parquet/date=.../ and ndjson/date=.../")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    parser.add_argument("--strict", action="store_true", help="end with 1 if a file of CloudTrail's is damaged")
    parser.add_argument("--from", dest="first", type=date, default=today - datetime.timedelta(days=1), help="first day, UTC")
    parser.add_argument("--to", dest="last", type=date, default=today, help="last day, UTC")
    args, others = parser.parse_known_args()
    # Glue adds arguments of its own
    if others and "--JOB_RUN_ID" not in others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if args.last < args.first:
        parser.error("--to lies before --from")

    spark = SparkSession.builder.appName("trailduck detect").getOrCreate()
    try:
        damaged = detect(spark, args)
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        sys.exit(f"no such path: {', '.join(error.getMessageParameters().values())}")
    if damaged and args.strict:
        sys.exit(1)


def date(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: expected a day as in 2026-10-06")


def detect(spark, args):
    """Finds alerts and writes them. Returns how many files were damaged, as far as that is looked at."""
    days = [args.first + datetime.timedelta(days=n) for n in range((args.last - args.first).days + 1)]
    if args.export:
        where = f"date BETWEEN DATE '{args.first}' AND DATE '{args.last}'"
        open_events(spark, export=args.export, tables=args.tables, where=where, queries=False)
    else:
        # what happened before midnight is delivered after it
        delivered = days + [args.last + datetime.timedelta(days=1)]
        paths = sorted({folder(args.cloudtrail, day) for day in delivered})
        open_events(spark, cloudtrail=existing(spark, paths), tables=args.tables, queries=False)

    alerts = spark.sql(ALERTS.format(first=args.first, last=args.last)).persist()
    found = {row["date"]: row["count"] for row in alerts.groupBy("date").count().collect()}
    for day in sorted(found):
        add(spark, alerts, day, args.output.rstrip("/"))
    print(f"{sum(found.values())} alerts from {args.first} to {args.last}")
    if not found and spark.table("events").isEmpty():
        print("there are no events of these days")
    alerts.unpersist()
    return say_what_is_damaged(spark) if args.cloudtrail else 0


def folder(pattern, day):
    """Where the files of a day lie."""
    for part in ("%Y", "%m", "%d"):
        pattern = pattern.replace(part, day.strftime(part))
    return pattern


def say_what_is_damaged(spark):
    """Names files that are no JSON: what is in them was not looked at."""
    damaged = [row["path"] for row in spark.sql("SELECT path FROM damaged_files").collect()]
    for path in damaged[:5]:
        print(f"damaged, and not looked at: {path}")
    if len(damaged) > 5:
        print(f"{len(damaged) - 5} more files are: SELECT * FROM damaged_files")
    return len(damaged)


def existing(spark, paths):
    """Those of the paths that are there: a day, or a region, without deliveries has no folder."""
    there = [path for path in paths if exists(spark, path)]
    if not there:
        raise SystemExit(f"no such path: {', '.join(paths)}")
    return there


def exists(spark, path):
    path = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(path)
    return bool(path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).globStatus(path))


def add(spark, alerts, day, output):
    """Adds to the alerts of a day those that no earlier run found: nothing that is there is written over."""
    of_day = alerts.where(f"date = DATE '{day}'").drop("date")
    for form, suffix in (("parquet", "parquet"), ("json", "ndjson")):
        path = f"{output}/{suffix}/date={day}"
        new = of_day
        if exists(spark, f"{path}/part-*"):
            known = spark.read.format(form).load(path).select("alert_id")
            new = of_day.join(known, "alert_id", "left_anti")
        if not new.isEmpty():
            one_file = new.coalesce(1).sortWithinPartitions("event_time", "alert_id")
            one_file.write.mode("append").format(form).save(path)


if __name__ == "__main__":
    main()
