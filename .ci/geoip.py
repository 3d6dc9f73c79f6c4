"""Compares what trailduck says about addresses with what Python's maxminddb does.

    python geoip.py TRAILDUCK FOLDER...

Every network of every database in the folders gives an address to look up, beside some that are in none. They are loaded
with one set of databases after the other; each address's place and network, and the rollups over the calls, must be equal.
"""

import collections
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import maxminddb

ELSEWHERE = ["10.0.0.1", "127.0.0.1", "192.0.2.1", "203.0.113.255", "240.0.0.1", "255.255.255.255", "::1", "fd00::1",
             "2001:db8:ffff::1", "3fff::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
NAMES = ["ec2.amazonaws.com", "AWS Internal"]


def addresses_of(reader):
    for network, _ in reader:
        address = network.network_address
        if address.version == 6 and int(address) < 2**32:
            address = ipaddress.IPv4Address(int(address))
        yield str(address)
        # the same in other writings
        if address.version == 4 and int(address) % 5 == 0:
            yield f"::ffff:{address}"
        if address.version == 6:
            yield address.exploded.upper()


def english(named):
    names = (named or {}).get("names", {})
    assert not names or "en" in names, names
    return names.get("en")


def facts(record):
    """Continent, country code, country, region, city, latitude, longitude, AS number, organization: as the record has them."""
    if isinstance(record.get("country"), str):
        assert len(record["country"]) == 2 or "country_code" in record, record
        number = record.get("asn")
        return (
            record.get("continent_name") or record["continent"],
            record.get("country_code") or record["country"],
            record.get("country_name") or record["country"],
            record.get("region"), record.get("city"),
            float(record["lat"]) if "lat" in record else None, float(record["lng"]) if "lng" in record else None,
            int(number.removeprefix("AS")) if number else None, record.get("as_name") or record.get("name"),
        )
    location = record.get("location", {})
    return (
        english(record.get("continent")),
        record.get("country", {}).get("iso_code"), english(record.get("country")),
        english(record.get("subdivisions", [{}])[0]), english(record.get("city")),
        location.get("latitude"), location.get("longitude"),
        record.get("autonomous_system_number"), record.get("autonomous_system_organization"),
    )


def expected(address, readers):
    """What the databases say together: each fact from the first that has it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return (None,) * 9
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    usable = [reader for reader in readers if reader.metadata().ip_version == 6 or parsed.version == 4]
    known = [facts(reader.get(parsed) or {}) for reader in usable]
    return tuple(next((fact[index] for fact in known if fact[index] is not None), None) for index in range(9))


def compare(what, actual, wanted):
    if actual != wanted:
        for key in sorted(set(actual) | set(wanted), key=str):
            if actual.get(key) != wanted.get(key):
                print(f"{what}: {key}: trailduck {actual.get(key)}, maxminddb {wanted.get(key)}")
        sys.exit(1)


def check(trailduck, databases, calls, folder):
    store = folder / "trail.duckdb"
    store.unlink(missing_ok=True)
    arguments = [argument for database in databases for argument in ("--geoip", str(database))]
    subprocess.run([trailduck, "--db", store, "load", folder / "calls.json", *arguments], check=True, stdout=subprocess.DEVNULL)
    readers = [maxminddb.open_database(database) for database in databases]
    wanted = {address: expected(address, readers) for address in calls}
    columns = "continent_name, country_iso_code, country_name, region_name, city_name, latitude, longitude, as_number, as_organization_name"
    with duckdb.connect(str(store), read_only=True) as connection:
        rows = connection.execute(f"SELECT source_ip_address, {columns} FROM sources").fetchall()
        compare("address", {address: tuple(rest) for address, *rest in rows}, wanted)
        found = {address for address, known in wanted.items() if any(fact is not None for fact in known)}
        rows = connection.execute("SELECT source_ip_address FROM ip_geo").fetchall()
        compare("ip_geo", {address: True for address, in rows}, dict.fromkeys(found, True))

        countries, cities, networks = (collections.Counter() for _ in range(3))
        for address, (_, code, country, region, city, _, _, number, organization) in wanted.items():
            countries[code, country or "unknown"] += calls[address]
            cities[code, country or "unknown", region, city or "unknown"] += calls[address]
            name = organization or (f"AS{number}" if number else None)
            networks[number, name] += calls[address]
        for query, keys, sums in [
            ("geography_by_country", "country_iso_code, country_name", countries),
            ("geography_by_city", "country_iso_code, country_name, region_name, city_name", cities),
            ("geography_by_network", "as_number, CASE WHEN as_number IS NOT NULL THEN network END", networks),
        ]:
            rows = connection.execute(f"SELECT {keys}, sum(calls) FROM {query}() GROUP BY ALL").fetchall()
            compare(query, {tuple(key): int(sum) for *key, sum in rows}, dict(sums))
    names = ", ".join(database.name for database in databases)
    print(f"{names}: {len(wanted)} addresses, {len(found)} of them found, "
          f"{len(countries)} countries, {len(cities)} cities, {len(networks)} networks: all equal")
    return len(found)


def main():
    trailduck, *folders = sys.argv[1:]
    os.environ.pop("TRAILDUCK_GEOIP", None)
    paths = [path.resolve() for folder in folders for path in sorted(pathlib.Path(folder).glob("*.mmdb"))]
    whole = {path.name: path for path in paths if not any(word in path.name for word in ("broken", "Invalid", "Anonymous"))}
    addresses = [*ELSEWHERE, *NAMES]
    for path in whole.values():
        addresses.extend(addresses_of(maxminddb.open_database(path)))
    calls = {address: 1 + index % 3 for index, address in enumerate(dict.fromkeys(addresses))}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        records = [
            {
                "eventVersion": "1.11", "eventID": f"00000000-0000-4000-8000-{index:06}{call:06}",
                "eventTime": "2026-10-06T02:14:00Z", "eventSource": "ec2.amazonaws.com", "eventName": "DescribeImages",
                "awsRegion": "us-east-1", "sourceIPAddress": address,
                "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"},
            }
            for index, (address, count) in enumerate(calls.items())
            for call in range(count)
        ]
        (folder / "calls.json").write_text(json.dumps({"Records": records}))
        for names in [
            ["GeoLite2-City-Test", "GeoLite2-ASN-Test"],
            ["GeoLite2-ASN-Test", "GeoLite2-City-Test"],
            ["GeoLite2-Country-Test"],
            ["GeoLite2-ASN-Test"],
            ["Example-City", "Example-ASN"],
            ["Example-flat"],
        ]:
            databases = [whole[f"{name}.mmdb"] for name in names]
            if check(trailduck, databases, calls, folder) < 2:
                sys.exit("too few addresses were found to prove anything")


main()
