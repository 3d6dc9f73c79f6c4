"""Whether Spark answers as DuckDB does: every detection and companion query on both, all rows compared.

    spark.py [--quick] TRAILDUCK NAME=PATH...

The pack's job finds alerts, which are imported and triaged. Then each path is loaded into a store and exported, and both
engines are asked, Spark as a cluster of two workers (processes of their own). Fixtures are asked as CloudTrail's own files,
too. --quick asks each query once, and nothing of CloudTrail's own files.
Needs pyspark 4 and duckdb 2 from PyPI, and Java 17.
"""

import collections
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyspark
from pyspark.sql import SparkSession

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00(?::?00)?)?")

OPTIONS = "map('ignoreNullFields', 'false', 'timestampFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS')"

# sets of parameters that are asked for, at most, by the name of the data
SETS_A_QUERY = {"fixtures": 3, "synthetic": 2}

# Spark plans these for minutes: once is enough
SLOW = ["triage_signals"]

# parameters that are sets of their own, besides the defaults and examples; {...} is taken from the data
SETS = {
    "event_id": ["{alert}", "{launch}", "{session}"],
    "arn": ["{principal}", "arn:aws:*:role/*"],
    "address": ["{address}", "*:*"],
    "hours": ["72"],
    "minutes": ["240"],
    "any_owner": ["true"],
    "bucket": ["hour"],
    "buckets": ["7"],
    "moment": ["{moment}"],
    "since": ["{moment}"],
    "account": ["{account}"],
    "max_speed_kmh": ["1"],
    "alert": ["{alert_id}"],
}


def main():
    quick = "--quick" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--quick"]
    trailduck = os.path.abspath(arguments[0])
    begun = time.time()
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        pack = f"{work}/pack"
        run(trailduck, "pack", "--engine", "spark", "-o", pack)
        sys.path.insert(0, pack)
        job_finds_alerts(trailduck, pack, work)
        sql_alone_answers(pack, work)
        spark = session(work)
        print("| data | query | parameters | rows | equal | DuckDB s | Spark s |")
        print("|---|---|---|---:|---|---:|---:|")
        for argument in arguments[1:]:
            name, path = argument.split("=", 1)
            store = f"{work}/{name}.duckdb"
            fill(trailduck, store, path)
            run(trailduck, "--db", store, "export", "--format", "parquet", "-o", f"{work}/{name}-lake")
            failed += compare(spark, store, name, work, quick, export=f"{work}/{name}-lake")
            if name == "fixtures" and not quick:
                failed += compare(spark, store, f"{name}, raw", work, quick, cloudtrail=path, tables=f"{work}/{name}-lake")
        spark.stop()
    print(f"{failed} differ; {time.time() - begun:.0f} s")
    sys.exit(1 if failed else 0)


def run(*command, **options):
    ran = subprocess.run(command, text=True, capture_output=True, **options)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def session(work):
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", f"{work}/warehouse")
        # plans are large beside the data: what only serves to look at them or to change them again costs most of the time
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.maxPlanStringLength", "1000")
        .config("spark.sql.ui.retainedExecutions", "1")
        .config("spark.ui.retainedJobs", "1")
        .config("spark.ui.retainedStages", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def fill(trailduck, store, path):
    """A store with something in every table."""
    own = [trailduck, "--db", store]
    fixtures = f"{HERE}/fixtures"
    run(*own, "load", path)
    run(*own, "geoip", f"{fixtures}/geoip/Example-City.mmdb", f"{fixtures}/geoip/Example-ASN.mmdb")
    run(*own, "amis", "import", f"{fixtures}/describe-images.json", "--region", "us-east-1")
    for name, *conditions in [
        ("night-shift", "--address", "192.0.2.0/25", "--owner", "amazon"),
        ("anyone-in-v6", "--address", "2001:db8::/32", "--region", "eu-west-1"),
        ("ops", "--principal", "arn:aws:sts::*:assumed-role/ops*", "--rule", "deprecated_ami_queries_any_owner"),
    ]:
        run(*own, "exceptions", "add", name, *conditions, "--reason", "to compare", "--expires", "90d")
    with open(f"{store}.json", "w", encoding="utf-8") as damaged:
        damaged.write('{"Records": [1, {"eventName": "GetUser"}]}')
    run(*own, "load", damaged.name)
    # nobody listens there: these wait
    watch = [*own, "watch", "--once", "--quiet", "--webhook", "http://127.0.0.1:1/", path]
    told = subprocess.run(watch, text=True, capture_output=True)
    if told.returncode and "tried again" not in told.stderr:
        sys.exit(told.stderr)
    for alert in told.stdout.splitlines()[:1]:
        run(*own, "alerts", "ack", json.loads(alert)["alert_id"], "--note", "to compare")


def parameter_sets(query, values):
    """The defaults and examples, then each parameter in turn with each of its values."""
    parameters = query["parameters"]
    required = {p["name"]: p["example"] for p in parameters if "default" not in p}
    sets = [required]
    for parameter in parameters:
        for value in SETS.get(parameter["name"], []):
            value = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1]) or "", value)
            given = {**required, parameter["name"]: value}
            if value and given not in sets:
                sets.append(given)
    # those of the data before the examples, which other data does not have
    return sorted(sets, key=lambda given: given == required and bool(required))


def of_the_data(store):
    """Values to ask for."""

    def first(sql):
        row = store.execute(sql).fetchone()
        return str(row[0]) if row and row[0] is not None else None

    return {
        "alert": first("SELECT event_id FROM rule_matches_with_suppressed ORDER BY event_time, event_id LIMIT 1"),
        "launch": first("SELECT launch_event_id FROM launches_after_deprecated_query() ORDER BY launch_event_id LIMIT 1"),
        "session": first("SELECT event_id FROM api_calls WHERE access_key_id IN (SELECT access_key_id FROM role_sessions) ORDER BY event_id LIMIT 1"),
        "any": first("SELECT event_id FROM events ORDER BY event_id LIMIT 1"),
        "principal": first("SELECT principal FROM principals WHERE principal LIKE 'arn:%' ORDER BY calls DESC, principal LIMIT 1"),
        "address": first("SELECT source_ip_address FROM sources ORDER BY calls DESC, source_ip_address LIMIT 1"),
        "account": first("SELECT min(recipient_account_id) FROM events"),
        "moment": first("SELECT strftime(min(event_time) + (max(event_time) - min(event_time)) / 2, '%Y-%m-%dT%H:%M:%SZ') FROM events"),
        "alert_id": first("SELECT min(alert_id) FROM alerts"),
    }


def queries():
    """The companion queries with their parameters, as their files describe them."""
    import tomllib

    for path in sorted(glob.glob(f"{HERE}/sql/queries/*.sql")):
        with open(path, encoding="utf-8") as file:
            front_matter = re.match(r"/\* ---\n(.*?)--- \*/", file.read(), re.S)[1]
        query = tomllib.loads(front_matter)
        yield {"name": os.path.basename(path)[:-4], "parameters": query.get("parameters", [])}


def literal(parameter, value):
    return value if parameter["type"] in ("INTEGER", "BOOLEAN") else "'" + value.replace("'", "''") + "'"


def call(query, given):
    """A query with these parameters, as DuckDB is asked and as Spark is."""
    types = {parameter["name"]: parameter for parameter in query["parameters"]}
    values = {key: literal(types[key], value) for key, value in given.items()}
    return [f"{query['name']}({', '.join(f'{key} {sign} {value}' for key, value in values.items())})" for sign in (":=", "=>")]


def compare(spark, path, name, work, quick, **source):
    from trailduck_spark import open_events

    begun = time.time()
    open_events(spark, marts=f"{work}/marts-{name.replace(', ', '-')}", **source)
    if "cloudtrail" in source:
        # read once: it is the reading that is tried here, not its speed
        spark.sql("CACHE TABLE events")
    opened = time.time() - begun
    asked = []
    for detection in sorted(glob.glob(f"{HERE}/sql/detections/*.sql")):
        rule = os.path.basename(detection)[:-4]
        for view in (rule, f"{rule}_with_suppressed"):
            asked.append((view, "", f"FROM {view}", f"SELECT * FROM {view}"))
    store = duckdb.connect(path, read_only=True)
    store.execute("SET disabled_optimizers = 'statistics_propagation,projection_pullup'")
    values = of_the_data(store)
    for query in queries():
        calls = [call(query, given) for given in parameter_sets(query, values)]
        if query["name"] in SLOW:
            calls = calls[:1]
        else:
            # two that find nothing are equal, too: first those that find something
            calls.sort(key=lambda both: not store.execute(f"SELECT count(*) FROM {both[0]}").fetchone()[0])
        for of_duckdb, of_spark in calls[: 1 if quick else SETS_A_QUERY.get(name, 1)]:
            given = of_spark.split("(", 1)[1].removesuffix(")")
            asked.append((query["name"], given, f"FROM {of_duckdb}", f"SELECT * FROM {of_spark}"))

    def ask(question):
        query, given, of_duckdb, of_spark = question
        begun = time.time()
        expected = [row[0] for row in store.cursor().execute(f"SELECT to_json(t)::VARCHAR FROM ({of_duckdb}) AS t").fetchall()]
        between = time.time()
        try:
            rows = spark.sql(f"SELECT to_json(struct(*), {OPTIONS}) FROM ({of_spark})").collect()
            difference = differ([row[0] for row in rows], expected, "cloudtrail" in source)
        except Exception as error:  # whatever Spark has to say against it
            rows, difference = [], str(error).split("== SQL")[0][:500].replace("\n", " ")
        return question, len(expected), difference, between - begun, time.time() - between

    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for (query, given, *_), rows, difference, duckdb_seconds, spark_seconds in pool.map(ask, asked):
            print(f"| {name} | {query} | {given} | {rows} | {'no' if difference else 'yes'} | {duckdb_seconds:.2f} | {spark_seconds:.2f} |", flush=True)
            if difference:
                failed += 1
                print(f"    {difference}", flush=True)
    print(f"| {name} | all {len(asked)} | after {opened:.0f} s for the views | | {failed} differ | | {time.time() - begun:.0f} |", flush=True)
    spark.catalog.clearCache()
    store.close()
    return failed


def differ(of_spark, of_duckdb, raw):
    """What is unequal about two results; nothing, if they are equal."""
    ours, theirs = (collections.Counter(normal(row, raw) for row in rows) for rows in (of_spark, of_duckdb))
    if ours == theirs:
        return None
    more, less = list((ours - theirs).elements()), list((theirs - ours).elements())
    shown = f"{len(of_spark)} rows for {len(of_duckdb)}; {len(more)} only of Spark, {len(less)} only of DuckDB"
    if more and less:
        a, b = json.loads(more[0]), json.loads(less[0])
        if [key for key, _ in a] != [key for key, _ in b]:
            return f"{shown}: columns {[key for key, _ in a]} for {[key for key, _ in b]}"
        # of the rows that differ, those that differ least
        best = min(((sum(x != y for x, y in zip(json.loads(m), json.loads(l))), m, l) for m in more[:50] for l in less[:50]))
        unequal = [(x[0], x[1], y[1]) for x, y in zip(json.loads(best[1]), json.loads(best[2])) if x != y]
        return f"{shown}: {str(unequal)[:700]}"
    return f"{shown}: {(more or less)[0][:400]}"


def normal(row, raw):
    """A row as text that is equal for equal rows: columns in order, moments and numbers as both engines mean them."""
    pairs = json.loads(row)
    # which file of the store an event is from, CloudTrail's own files do not know
    return json.dumps([(key, value(item)) for key, item in pairs.items() if not (raw and key == "file_id")])


def value(item):
    if isinstance(item, dict):
        return {key: value(inner) for key, inner in sorted(item.items())}
    if isinstance(item, list):
        return [value(inner) for inner in item]
    if isinstance(item, str):
        moment = MOMENT.fullmatch(item)
        if moment:
            fraction = (moment[3] or "").rstrip("0")
            return f"{moment[1]} {moment[2]}{'.' + fraction if fraction else ''}"
        if item.lower() in ("inf", "infinity"):
            return "infinity"
        if item.startswith(("{", "[")):
            # JSON, which is text in Parquet
            try:
                return value(json.loads(item))
            except ValueError:
                return item
        return item
    if isinstance(item, float):
        if math.isinf(item):
            return "infinity"
        # the last digits of a sum depend on its order
        return float(f"{item:.10g}")
    return item


def sql_alone_answers(pack, work):
    """The README's way without Python: scripts, one after the other, and a question."""
    with open(f"{work}/init.sql", "w", encoding="utf-8") as init:
        init.write(f"SET export={work}/job-lake;\nSET marts={work}/marts-sql;\n")
        init.writelines(f"SOURCE {pack}/{name}.sql;\n" for name in ("events_parquet", "tables_parquet", "trailduck"))
    home = os.path.dirname(pyspark.__file__)
    ask = [f"{home}/bin/spark-sql", "--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    ask += ["--conf", "spark.sql.shuffle.partitions=2", "-i", init.name, "-f", f"{pack}/queries/launches_after_deprecated_query.sql"]
    said = run(*ask, cwd=work, env={**os.environ, "SPARK_HOME": home}).splitlines()
    launches = [line for line in said if line.count("\t") > 5]
    assert len(launches) == 8, launches
    print(f"spark-sql: {len(launches)} launches")


def job_finds_alerts(trailduck, pack, work):
    """The pack's job over an export and over CloudTrail's own files; its alerts are imported twice, and one is triaged."""
    store, fixtures = f"{work}/job.duckdb", f"{work}/job-raw"
    shutil.copytree(f"{HERE}/fixtures/AWSLogs", fixtures)
    run(trailduck, "--db", store, "load", fixtures)
    run(trailduck, "--db", store, "export", "--format", "parquet", "-o", f"{work}/job-lake")
    expected = json.loads(run(trailduck, "--db", store, "detect", "--format", "json"))
    home = os.path.dirname(pyspark.__file__)
    own = {**os.environ, "SPARK_HOME": home, "PYSPARK_PYTHON": sys.executable}
    submit = [f"{home}/bin/spark-submit", "--master", "local-cluster[2,1,1024]"]
    submit += ["--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2", "--py-files", f"{pack}/trailduck.zip", f"{pack}/detect.py"]
    days = ["--from", "2026-10-05", "--to", "2026-10-07"]
    some = glob.glob(f"{fixtures}/*/CloudTrail/*/2026/10/06")[0]
    with open(f"{some}/cut.json", "w", encoding="utf-8") as cut:
        cut.write('{"Records": [{"eventID": "a1e27001')
    for source in (
        ["--export", f"{work}/job-lake"],
        ["--cloudtrail", f"{fixtures}/*/CloudTrail/*/%Y/%m/%d"],
    ):
        # the second one finds what the first wrote
        said = run(*submit, *source, *days, "--output", f"{work}/alerts", cwd=work, env=own).strip()
        print(f"detect.py {source[0]}: {said}")
        assert ("cut.json" in said) == (source[0] == "--cloudtrail"), said
        found = [json.loads(line) for path in glob.glob(f"{work}/alerts/ndjson/*/*.json") for line in open(path, encoding="utf-8")]
        assert sorted(alert["event_id"] for alert in found) == sorted(alert["event_id"] for alert in expected), found
        for files in (f"{work}/alerts/ndjson/*/*.json", f"{work}/alerts/parquet/*/*.parquet"):
            print(run(trailduck, "--db", store, "alerts", "import", *sorted(glob.glob(files))).strip())
    alerts = json.loads(run(trailduck, "--db", store, "alerts", "--format", "json"))
    assert {alert["alert_id"] for alert in alerts} == {alert["alert_id"] for alert in found}, alerts
    page = run(trailduck, "--db", store, "triage", alerts[0]["event_id"])
    print("\n".join(page.splitlines()[:6]))


if __name__ == "__main__":
    main()
