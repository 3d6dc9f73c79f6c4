"""Runs trailduck's detections over days of CloudTrail, and writes the alerts as Parquet and NDJSON.

    spark-submit --py-files trailduck.zip detect.py --export s3a://bucket/lake --output s3a://bucket/alerts
    spark-submit --py-files trailduck.zip detect.py \\
        --cloudtrail 's3a://bucket/AWSLogs/*/CloudTrail/*/%Y/%m/%d' --output s3a://bucket/alerts

Without --from and --to it takes yesterday and today (UTC): run it each hour, and what CloudTrail delivers late is found,
too. The alerts of a day replace those that an earlier run found in it, and an alert has the same id each time:
`trailduck alerts import` takes the NDJSON or the Parquet, and knows what it has.
"""

import argparse
import datetime

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
    date = datetime.date.fromisoformat
    parser.add_argument("--from", dest="first", type=date, default=today - datetime.timedelta(days=1), help="first day, UTC")
    parser.add_argument("--to", dest="last", type=date, default=today, help="last day, UTC")
    args, others = parser.parse_known_args()
    # Glue adds arguments of its own
    if others and "--JOB_RUN_ID" not in others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if args.last < args.first:
        parser.error("--to lies before --from")

    spark = SparkSession.builder.appName("trailduck detect").getOrCreate()
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
    replace(spark, alerts, days, found, args.output)
    print(f"{sum(found.values())} alerts in {len(found)} days, {args.first} to {args.last}")
    alerts.unpersist()
    if args.cloudtrail:
        say_what_is_damaged(spark)


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


def existing(spark, paths):
    """Those of the paths that are there: a day, or a region, without deliveries has no folder."""
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs.Path
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    there = []
    for path in paths:
        found = hadoop(path).getFileSystem(configuration).globStatus(hadoop(path))
        if found:
            there.append(path)
    if not there:
        raise SystemExit(f"no such path: {', '.join(paths)}")
    return there


def replace(spark, alerts, days, found, output):
    """Writes the alerts of each day in place of those that are there."""
    output = output.rstrip("/")
    hadoop = spark.sparkContext._jvm.org.apache.hadoop.fs.Path
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    # day by day: the committers that are made for S3 do not overwrite partitions one by one
    for day in days:
        if day in found:
            of_day = alerts.where(f"date = DATE '{day}'").drop("date").coalesce(1)
            of_day = of_day.sortWithinPartitions("event_time", "alert_id").write.mode("overwrite")
            of_day.parquet(f"{output}/parquet/date={day}")
            of_day.json(f"{output}/ndjson/date={day}")
            continue
        for form in ("parquet", "ndjson"):
            path = hadoop(f"{output}/{form}/date={day}")
            path.getFileSystem(configuration).delete(path, True)


if __name__ == "__main__":
    main()
