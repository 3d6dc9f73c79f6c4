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
    /// Opens a file and makes sure that it is whole and says anything about places or networks. All of it is looked at, but
    /// for those whose SHA-256 is among the `verified`.
    pub fn open(path: &Path, named: bool, verified: &[String]) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read the GeoIP database {}", path.display()))?;
        Self::new(path, bytes, named, verified)
    }

    fn new(path: &Path, bytes: Vec<u8>, named: bool, verified: &[String]) -> anyhow::Result<Self> {
        let shown = path.display();
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let damaged = || format!("{shown} is no GeoIP database (MMDB file), or a damaged one");
        let reader = Reader::from_source(bytes).with_context(damaged)?;
        if !verified.contains(&sha256) {
            reader.verify().with_context(damaged)?;
        }
        let database = Self { path: std::path::absolute(path)?, sha256, named, reader };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte of a database damaged in turn: it is refused, or answers, or fails to; it never panics or hangs.
    #[test]
    fn a_damaged_database_does_no_harm() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/geoip/Example-City.mmdb");
        let whole = std::fs::read(&path).expect("a database");
        let addresses =
            ["192.0.2.77", "203.0.113.200", "2001:db8:12::23", "::"].map(|a| a.parse().expect("an address"));
        let mut refused = 0;
        for at in 0..whole.len() {
            for damage in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= damage;
                match Database::new(&path, bytes, true, &[]) {
                    Ok(database) => addresses.iter().for_each(|&address| drop(database.look_up(address))),
                    Err(_) => refused += 1,
                }
            }
            assert!(Database::new(&path, whole[..at].to_vec(), true, &[]).is_err(), "cut at {at}");
        }
        assert!(refused > 0);
    }

    #[test]
    fn what_was_verified_before_is_not_verified_again() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/geoip/Example-City.mmdb");
        let mut bytes = std::fs::read(&path).expect("a database");
        let sound = Database::new(&path, bytes.clone(), true, &[]).expect("a sound database");
        // the zeros between tree and data: no look-up reads them
        let metadata = sound.reader.metadata();
        let separator = metadata.node_count as usize * usize::from(metadata.record_size) / 4;
        bytes[separator] = 1;
        assert!(Database::new(&path, bytes.clone(), true, &[]).is_err());
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(Database::new(&path, bytes, true, &[sha256]).is_ok());
    }
}
