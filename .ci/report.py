"""Checks a report against its own schema with an independent validator, and its statements with another DuckDB client.

report.py TRAILDUCK STORE
"""

import json
import subprocess
import sys

import duckdb
from jsonschema import Draft202012Validator

trailduck, path = sys.argv[1:]


def run(*args):
    return subprocess.run([trailduck, "--db", path, *args], check=True, capture_output=True).stdout


schema = json.loads(run("report", "--schema"))
Draft202012Validator.check_schema(schema)
report = json.loads(run("report", "--format", "json"))
validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(report)]
assert not errors, "\n".join(errors)
# and it would be told
report["sections"][0]["tables"][0]["rows_left"] = 1
assert not validator.is_valid(report), "the schema lets anything through"

store = duckdb.connect(path, read_only=True)
tables = [table for section in report["sections"] for table in section["tables"]]
tables += [part for alert in report["alerts"] for part in alert["parts"]]
for table in tables:
    result = store.execute(table["statement"])
    columns = [column[0] for column in result.description]
    rows = len(result.fetchall())
    assert columns == [column["name"] for column in table["columns"]], (table["statement"], columns)
    assert rows == table["rows_total"] == len(table["rows"]) + table["rows_left_out"], (table["statement"], rows)
print(f"{len(tables)} tables are as the schema says, and Python's duckdb {duckdb.__version__} gives the same rows")
