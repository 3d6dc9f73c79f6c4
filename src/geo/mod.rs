//! Where addresses are and whose networks they are in, looked up in GeoIP databases: `ip_geo`.

mod database;
mod facts;

pub use database::Database;

use std::net::IpAddr;

use anyhow::Context;
use duckdb::{Connection, params};

use facts::Facts;

/// Looks addresses up and keeps what the databases know of them. All addresses, where that is wanted or the databases are
/// not those in force; else those that are not known yet.
pub fn enrich(connection: &Connection, databases: &[Database], all: bool) -> anyhow::Result<()> {
    if databases.is_empty() {
        return Ok(());
    }
    let all = all || !are_in_force(connection, databases)?;
    let mut found = Vec::new();
    for address in addresses(connection, all)? {
        // the names of AWS's services are not addresses
        let Ok(parsed) = address.parse::<IpAddr>() else { continue };
        // `::ffff:192.0.2.1` is 192.0.2.1, wherever a database keeps it
        let parsed = parsed.to_canonical();
        let known = databases.iter().enumerate().filter_map(|(index, database)| {
            let facts = database.look_up(parsed).transpose()?;
            Some(facts.map(|facts| (index as i32 + 1, facts)))
        });
        if let Some(facts) = Facts::merge(known.collect::<anyhow::Result<_>>()?) {
            found.push((address, facts));
        }
    }
    if all || !found.is_empty() {
        connection.execute_batch("BEGIN")?;
        store(connection, databases, all, &found)
            .and_then(|()| Ok(connection.execute_batch("COMMIT")?))
            .context("cannot store what the GeoIP databases say; what was stored before is unchanged")
            .inspect_err(|_| _ = connection.execute_batch("ROLLBACK"))?;
    }
    Ok(())
}

/// Whether what `ip_geo` holds is from these databases, and no others.
fn are_in_force(connection: &Connection, databases: &[Database]) -> anyhow::Result<bool> {
    let mut statement = connection.prepare("SELECT sha256 FROM geoip_databases ORDER BY database_id")?;
    let in_force = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(in_force.iter().eq(databases.iter().map(|database| &database.sha256)))
}

fn addresses(connection: &Connection, all: bool) -> anyhow::Result<Vec<String>> {
    let mut sql = "SELECT DISTINCT source_ip_address FROM events WHERE source_ip_address IS NOT NULL".to_owned();
    if !all {
        sql.push_str(" AND source_ip_address NOT IN (SELECT source_ip_address FROM ip_geo)");
    }
    let mut statement = connection.prepare(&sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn store(connection: &Connection, databases: &[Database], all: bool, found: &[(String, Facts)]) -> anyhow::Result<()> {
    if all {
        connection.execute_batch("DELETE FROM ip_geo")?;
    }
    let mut rows = connection.appender("ip_geo")?;
    for (address, facts) in found {
        let Facts { place, network, prefix, place_database, network_database } = facts;
        rows.append_row(params![
            address,
            place.continent_name,
            place.country_iso_code,
            place.country_name,
            place.region_name,
            place.city_name,
            place.coordinates.map(|(latitude, _)| latitude),
            place.coordinates.map(|(_, longitude)| longitude),
            network.number,
            network.organization,
            prefix,
            place_database,
            network_database,
        ])?;
    }
    rows.flush()?;
    connection.execute_batch("DELETE FROM geoip_databases")?;
    for (index, database) in databases.iter().enumerate() {
        let id = index as i32 + 1;
        connection.execute(
            "INSERT INTO geoip_databases
            SELECT ?, ?, ?, make_timestamp(?), ?, ?, make_timestamp(epoch_us(now())), count(*)
            FROM ip_geo
            WHERE ? IN (place_database_id, network_database_id)",
            params![
                id,
                database.path.to_string_lossy(),
                database.kind(),
                database.built_at(),
                database.sha256,
                database.named,
                id
            ],
        )?;
    }
    Ok(())
}
