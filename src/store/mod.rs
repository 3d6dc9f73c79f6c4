//! The DuckDB file: opened, locked, migrated, with the SQL catalog installed.

mod error;
mod install;
mod rows;
mod statements;
mod tokens;

pub use error::{StatementError, describe};
pub use rows::{Cell, Column, Rows, Statement, Unbound};
pub use statements::statements;
pub use tokens::{Kind, Token, is_complete, tokens};

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use duckdb::{AccessMode, Config, Connection};

use crate::catalog::CATALOG;

/// An open store.
pub struct Store {
    pub connection: Connection,
    path: PathBuf,
}

/// Another program has the store open.
#[derive(Debug, thiserror::Error)]
#[error("{path} is in use by another program{}: wait until it is done (`load` and `shell` do with --wait), or use another --db",
    .holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
pub struct InUse {
    path: String,
    /// Its process id, where that is known.
    holder: Option<String>,
}

impl InUse {
    /// Whether it is the process of this id.
    pub fn is_by(&self, process: u32) -> bool {
        self.holder.as_ref().and_then(|holder| holder.parse().ok()) == Some(process)
    }
}

/// How long to wait between two tries to open a store that is in use.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What DuckDB 2.0.0's optimizer is told to leave out, by the names in `duckdb_optimizers()`.
///
/// - `statistics_propagation` drops the LIMIT of a query that has a scalar subquery, as every detection has: it takes the
///   joined rows to be no more than those of the subquery.
/// - `projection_pullup` takes longer than all else together on a large plan (`triage_signals`: 10 seconds of 18), and
///   gains nothing measurable.
const DISABLED_OPTIMIZERS: &str = "statistics_propagation,projection_pullup";

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Others may read at the same time.
    Read,
    /// No one else may have it open.
    Write,
    /// As [`Mode::Write`]; the file is made if it is not there.
    Create,
}

impl Store {
    pub fn open(path: &Path, mode: Mode) -> anyhow::Result<Self> {
        let shown = path.display();
        if mode != Mode::Create && !path.exists() {
            bail!("no store at {shown}: make one with `trailduck load PATH`, or name another with --db");
        }
        if mode != Mode::Create {
            let store = Self::connect(path, AccessMode::ReadOnly)?;
            if store.version()? == 0 {
                bail!("{shown} is a DuckDB database, but no trailduck store: make one with `trailduck load PATH`");
            }
            if mode == Mode::Read && store.is_current()? {
                return Ok(store);
            }
            // views of another version of trailduck are brought up to date first
        } else if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0) {
            // DuckDB makes a database where there is no file, but not of an empty one
            std::fs::remove_file(path).with_context(|| format!("cannot replace the empty file {shown}"))?;
        }
        let store = Self::connect(path, AccessMode::ReadWrite)?;
        store.migrate()?;
        store.install()?;
        store.delete_unfinished()?;
        if mode != Mode::Read {
            return Ok(store);
        }
        drop(store);
        Self::connect(path, AccessMode::ReadOnly)
    }

    /// As [`Self::open`], but where another program has the store open it is tried again and again, as long as `wait` says
    /// so.
    pub fn open_when_free(path: &Path, mode: Mode, mut wait: impl FnMut(&InUse) -> bool) -> anyhow::Result<Self> {
        loop {
            match Self::open(path, mode) {
                Err(error) if error.downcast_ref().is_some_and(&mut wait) => thread::sleep(BETWEEN_TRIES),
                opened => return opened,
            }
        }
    }

    /// Another connection to the same store: what is temporary in one, the other does not see.
    pub fn another_connection(&self) -> anyhow::Result<Self> {
        Ok(Self { connection: self.connection.try_clone()?, path: self.path.clone() })
    }

    /// An empty database in memory, for rows that come from no store.
    pub fn in_memory() -> anyhow::Result<Self> {
        Ok(Self { connection: Connection::open_in_memory()?, path: PathBuf::new() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file is this store itself, or DuckDB's log of changes beside it.
    pub fn owns(&self, path: &Path) -> bool {
        let mut log = self.path.clone().into_os_string();
        log.push(".wal");
        let same = |own: &Path| match (own.canonicalize(), path.canonicalize()) {
            (Ok(own), Ok(path)) => own == path,
            _ => false,
        };
        path.file_name() == self.path.file_name() && same(&self.path)
            || path.file_name() == Path::new(&log).file_name() && same(Path::new(&log))
    }

    fn connect(path: &Path, mode: AccessMode) -> anyhow::Result<Self> {
        let shown = path.display();
        let writable = mode == AccessMode::ReadWrite;
        let config = Config::default().access_mode(mode)?.enable_autoload_extension(false)?;
        let config = config.with("disabled_optimizers", DISABLED_OPTIMIZERS)?;
        let connection = match Connection::open_with_flags(path, config) {
            Ok(connection) => connection,
            Err(error) => {
                let error = error.to_string();
                if error.contains("Could not set lock") {
                    let holder = error.split("PID ").nth(1).and_then(|rest| rest.split(')').next());
                    return Err(InUse { path: shown.to_string(), holder: holder.map(str::to_owned) }.into());
                }
                bail!("cannot open {shown} as a DuckDB database: {error}");
            }
        };
        let store = Self { connection, path: path.to_owned() };
        if writable {
            // see load::settings; rows that are written anew when others are deleted stay as they were
            store.connection.execute_batch("SET variant_minimum_shredding_size = -1")?;
        }
        if store.version()? > CATALOG.migrations.len() {
            bail!("{shown} was made by a newer trailduck: update trailduck, or use another --db");
        }
        Ok(store)
    }

    /// Schema version of the tables; 0 in a file that is no store yet.
    fn version(&self) -> anyhow::Result<usize> {
        let tables: i64 = self.connection.query_row(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'store_info' AND NOT internal",
            [],
            |row| row.get(0),
        )?;
        if tables == 0 {
            return Ok(0);
        }
        let version: i64 = self.connection.query_row("SELECT schema_version FROM store_info", [], |row| row.get(0))?;
        Ok(version as usize)
    }

    fn is_current(&self) -> anyhow::Result<bool> {
        if self.version()? != CATALOG.migrations.len() {
            return Ok(false);
        }
        let hash: Option<String> =
            self.connection.query_row("SELECT catalog_hash FROM store_info", [], |row| row.get(0))?;
        Ok(hash == Some(CATALOG.hash()) && self.unfinished()? == 0)
    }

    /// How many files a load that was stopped left unfinished.
    fn unfinished(&self) -> anyhow::Result<i64> {
        Ok(self.connection.query_row("SELECT count(*) FROM unfinished_files", [], |row| row.get(0))?)
    }

    /// Deletes the events of files that a load that was stopped left unfinished. Not in the load's own transaction:
    /// DuckDB would write all its rows anew.
    pub fn delete_unfinished(&self) -> anyhow::Result<()> {
        if self.unfinished()? > 0 {
            self.connection.execute_batch(
                "BEGIN;
                DELETE FROM events WHERE file_id IN (SELECT file_id FROM unfinished_files);
                DELETE FROM unfinished_files;
                COMMIT;",
            )?;
        }
        Ok(())
    }

    fn migrate(&self) -> anyhow::Result<()> {
        for (index, statements) in CATALOG.migrations.iter().enumerate().skip(self.version()?) {
            let version = index + 1;
            let step = format!("BEGIN;\n{statements}\nUPDATE store_info SET schema_version = {version};\nCOMMIT;");
            self.connection
                .execute_batch(&step)
                .with_context(|| format!("cannot bring the store to version {version}"))?;
        }
        Ok(())
    }
}

/// The one number that a statement returns.
pub fn number(connection: &Connection, sql: &str) -> anyhow::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0)).with_context(|| sql.to_owned())
}
