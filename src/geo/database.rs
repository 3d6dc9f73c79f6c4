//! A GeoIP database: one MMDB file, verified before it is used.

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use maxminddb::Reader;
use sha2::{Digest, Sha256};

use super::facts::{Facts, Record};

pub struct Database {
    pub path: PathBuf,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Whether the user named it; else it was found in one of the usual folders.
    pub named: bool,
    reader: Reader<Vec<u8>>,
}

impl Database {
    /// Opens a file and makes sure that it is whole and says anything about places or networks.
    pub fn open(path: &Path, named: bool) -> anyhow::Result<Self> {
        let shown = path.display();
        let path = std::path::absolute(path)?;
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read the GeoIP database {shown}"))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let damaged = || format!("{shown} is no GeoIP database (MMDB file), or a damaged one");
        let reader = Reader::from_source(bytes).with_context(damaged)?;
        reader.verify().with_context(damaged)?;
        let database = Self { path, sha256, named, reader };
        if !database.knows_anything()? {
            bail!(
                "{shown} says nothing about places or networks: it is of the kind {:?}; City, Country, Enterprise, ASN and \
                 ISP databases of MaxMind work, the like of DB-IP, and those of IPinfo",
                database.kind()
            );
        }
        Ok(database)
    }

    /// As the database calls itself: GeoLite2-City.
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When it was made, in microseconds since 1970; no later than a TIMESTAMP can say.
    pub fn built_at(&self) -> i64 {
        const YEAR_10000: u64 = 253_402_300_800;
        self.reader.metadata().build_epoch.min(YEAR_10000) as i64 * 1_000_000
    }

    /// What it knows of an address.
    pub fn look_up(&self, address: IpAddr) -> anyhow::Result<Option<Facts>> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let look_up = || {
            let result = self.reader.lookup(address)?;
            let Some(record) = result.decode::<Record>()? else { return Ok(None) };
            Ok::<_, maxminddb::MaxMindDbError>(record.facts(&result.network()?.to_string()))
        };
        look_up().with_context(|| format!("cannot read what {} says about {address}", self.path.display()))
    }

    /// Whether any record says something that is asked for here.
    fn knows_anything(&self) -> anyhow::Result<bool> {
        let mut seen = HashSet::new();
        for network in self.reader.networks(maxminddb::WithinOptions::default())? {
            let network = network?;
            // a record that is no map, or has odd values, says nothing
            let facts = || network.decode::<Record>().ok().flatten().and_then(|record| record.facts(""));
            if seen.insert(network.offset()) && facts().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
