use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::print::{PrintArgs, note};
use super::{Context, exit};
use crate::geo::{self, Database};
use crate::output::{Format, visible};
use crate::store::Cell::{self, Integer, Text};
use crate::store::{Mode, Store};

/// Where GeoIP databases are looked for when none is named; `GeoIP` in the user's own data folder comes after these.
const FOLDERS: [&str; 4] = ["/usr/share/GeoIP", "/var/lib/GeoIP", "/usr/local/share/GeoIP", "/opt/homebrew/var/GeoIP"];

/// Say where addresses are and whose networks they are in, by GeoIP databases
///
/// Looks up every address of the store, anew each time, in the databases that are named: MMDB files of MaxMind (GeoLite2
/// and GeoIP2: City, Country, ASN, Enterprise, ISP), DB-IP or IPinfo. Several complete each other: City and ASN, say. They
/// are remembered; the addresses of later loads are looked up in them too. Without a name: those of TRAILDUCK_GEOIP (paths
/// separated as in PATH), else those remembered, else those in the usual folders: /usr/share/GeoIP, /var/lib/GeoIP,
/// /usr/local/share/GeoIP, /opt/homebrew/var/GeoIP, ~/.local/share/GeoIP (or the folders of TRAILDUCK_GEOIP_FOLDERS).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck geoip GeoLite2-City.mmdb GeoLite2-ASN.mmdb
  trailduck geoip                                  those remembered or found
  trailduck query geography_by_country
  trailduck sql 'FROM geoip_databases'             what is in force")]
pub struct Geoip {
    /// MMDB files
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How the result is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

// Which databases a load uses: for `load` and `hunt`. (No doc comment: see PrintArgs.)
#[derive(Debug, Args)]
pub struct GeoipArgs {
    /// GeoIP database (MMDB) to look addresses up in; may be repeated [env: TRAILDUCK_GEOIP]
    #[arg(long, value_name = "FILE")]
    geoip: Vec<PathBuf>,

    /// Look no addresses up: see `trailduck geoip --help` for where databases are found
    #[arg(long, conflicts_with = "geoip")]
    no_geoip: bool,
}

impl Geoip {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let named = named(&self.files)?;
        let store = context.open(Mode::Write)?;
        let databases = named.map_or_else(|| found(&store), Ok)?;
        geo::enrich(&store.connection, &databases, true)?;
        match self.format {
            Format::Table => {
                let mut to = io::stdout().lock();
                to.write_all(in_words(&store)?.as_bytes())?;
                to.flush()?;
            }
            format => {
                context.printer.print(&store, AS_ROW, &PrintArgs::all(format), &[])?;
            }
        }
        Ok(exit::DONE)
    }
}

impl GeoipArgs {
    /// The databases that were named, if any were; none of them may be missing or broken.
    pub fn named(&self) -> anyhow::Result<Option<Vec<Database>>> {
        if self.no_geoip { Ok(Some(Vec::new())) } else { named(&self.geoip) }
    }
}

fn named(files: &[PathBuf]) -> anyhow::Result<Option<Vec<Database>>> {
    let files = if files.is_empty() { paths("TRAILDUCK_GEOIP").unwrap_or_default() } else { files.to_vec() };
    if files.is_empty() {
        return Ok(None);
    }
    files.iter().map(|path| Database::open(path, true, &[])).collect::<Result<_, _>>().map(Some)
}

/// The databases that the store remembers because the user named them; else those in the usual folders. What is wrong with
/// them keeps no load from going on.
pub fn found(store: &Store) -> anyhow::Result<Vec<Database>> {
    let (_, rows) = store.collect("SELECT named, path, sha256 FROM geoip_databases ORDER BY database_id")?;
    let mut remembered = Vec::new();
    let mut verified = Vec::new();
    for row in rows {
        if let [Cell::Bool(named), Text(path), Text(sha256)] = row.as_slice() {
            remembered.extend(named.then(|| path.clone()));
            verified.push(sha256.clone());
        }
    }
    if remembered.is_empty() {
        return Ok(in_folders(&verified));
    }
    let opened = remembered.iter().map(|path| Database::open(Path::new(path), true, &verified));
    let opened: anyhow::Result<Vec<_>> = opened.collect();
    Ok(opened.unwrap_or_else(|error| {
        note(&format!(
            "geoip: {}; new addresses are not looked up: name another with `trailduck geoip FILE`",
            visible(&format!("{error:#}"))
        ));
        Vec::new()
    }))
}

/// The newest database of each kind in the usual folders.
fn in_folders(verified: &[String]) -> Vec<Database> {
    let folders = paths("TRAILDUCK_GEOIP_FOLDERS").unwrap_or_else(|| {
        let data = env::var_os("XDG_DATA_HOME").filter(|data| !data.is_empty()).map(PathBuf::from);
        let data = data.or_else(|| Some(env::home_dir()?.join(".local/share")));
        FOLDERS.map(PathBuf::from).into_iter().chain(data.map(|data| data.join("GeoIP"))).collect()
    });
    let mut newest: [Option<Database>; 3] = [None, None, None];
    for path in folders.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path()) {
        let Some(kind) = path.file_name().and_then(|name| kind(&name.to_string_lossy())) else { continue };
        match Database::open(&path, false, verified) {
            Ok(database) => {
                let newer = |other: &Database| (database.built_at(), &database.path) > (other.built_at(), &other.path);
                if newest[kind].as_ref().is_none_or(newer) {
                    newest[kind] = Some(database);
                }
            }
            Err(error) => note(&format!("geoip: passed over: {}", visible(&format!("{error:#}")))),
        }
    }
    newest.into_iter().flatten().collect()
}

/// What a file is, by the names that its publishers give it: 0 a city database, 1 one of countries, 2 one of networks.
fn kind(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let published = ["geolite2-", "geoip2-", "dbip-", "ipinfo"].iter().any(|publisher| name.starts_with(publisher));
    let kinds: [&[&str]; 3] = [&["city", "location", "enterprise"], &["country", "ipinfo_lite"], &["asn", "isp"]];
    let kind = kinds.iter().position(|words| words.iter().any(|word| name.contains(word)))?;
    (published && name.ends_with(".mmdb")).then_some(kind)
}

/// Paths in an environment variable, separated as in PATH; none if it is not set.
fn paths(variable: &str) -> Option<Vec<PathBuf>> {
    let paths = env::var_os(variable)?;
    Some(env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect())
}

const AS_ROW: &str = "SELECT
    count(*) FILTER (WHERE source_kind IN ('public', 'private')) AS addresses,
    count(*) FILTER (WHERE source_kind = 'public') AS public_addresses,
    (SELECT count(*) FROM places) AS found,
    (SELECT count(country_name) FROM places) AS with_country,
    (SELECT count(city_name) FROM places) AS with_city,
    (SELECT count(*) FROM places WHERE network <> 'unknown') AS with_network,
    (SELECT coalesce(list(d ORDER BY database_id), []) FROM geoip_databases AS d) AS databases
FROM sources";

/// How many addresses there are, how many were found, and in what.
pub fn in_words(store: &Store) -> anyhow::Result<String> {
    let (_, databases) = store.collect(
        "SELECT database_type, strftime(built_at, '%Y-%m-%d'), path, addresses FROM geoip_databases ORDER BY database_id",
    )?;
    let (_, counts) = store.collect(AS_ROW)?;
    let Some(
        [Integer(addresses), Integer(public), Integer(found), Integer(country), Integer(city), Integer(network), _],
    ) = counts.first().map(Vec::as_slice)
    else {
        return Ok(String::new());
    };
    if databases.is_empty() {
        return Ok(format!(
            "{addresses} addresses, {public} of them public, and no GeoIP database to look them up in: name one \
             (trailduck geoip FILE.mmdb), or put it into /usr/share/GeoIP or ~/.local/share/GeoIP\n\
             free ones: GeoLite2 City and ASN (https://dev.maxmind.com/geoip/geolite2-free-geolocation-data), \
             DB-IP Lite (https://db-ip.com/db/lite.php), IPinfo Lite (https://ipinfo.io/lite)\n"
        ));
    }
    let mut words = format!(
        "{addresses} addresses, {public} of them public: {found} found, {country} with a country, {city} with a city, {network} with a network\n"
    );
    for database in &databases {
        if let [Text(kind), Text(built), Text(path), Integer(addresses)] = database.as_slice() {
            words.push_str(&format!("{} of {built}, {}: {addresses} addresses\n", visible(kind), visible(path)));
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn databases_are_known_by_the_names_their_publishers_give_them() {
        for (name, expected) in [
            ("GeoLite2-City.mmdb", Some(0)),
            ("GeoIP2-Enterprise.mmdb", Some(0)),
            ("dbip-city-lite-2026-10.mmdb", Some(0)),
            ("ipinfo_standard_location.mmdb", Some(0)),
            ("GeoLite2-Country.mmdb", Some(1)),
            ("ipinfo_lite.mmdb", Some(1)),
            ("GeoLite2-ASN.mmdb", Some(2)),
            ("dbip-asn-lite-2026-10.mmdb", Some(2)),
            ("GeoIP2-Anonymous-IP.mmdb", None),
            ("GeoLite2-City.mmdb.gz", None),
            ("city.mmdb", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
