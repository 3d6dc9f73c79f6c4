use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::print::note;
use super::{Context, exit};
use crate::pack;

/// Write what another engine needs to run the same detections and queries
///
/// For Apache Spark 4: a script with the views, detections and queries, examples, a job that finds alerts, and a README
/// for a plain cluster, EMR, Glue and Databricks. It reads what `trailduck export --format parquet` writes, or CloudTrail's
/// own files in the bucket.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck pack -o spark
  trailduck pack --engine spark -o spark")]
pub struct Pack {
    /// The engine
    #[arg(long, value_enum, default_value = "spark")]
    engine: Engine,

    /// The folder to write to
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Engine {
    /// Apache Spark 4
    Spark,
}

impl Pack {
    pub fn run(self, _: &Context) -> anyhow::Result<u8> {
        match self.engine {
            Engine::Spark => pack::write(&self.output)?,
        }
        note(&format!(
            "written: {0}/trailduck.sql and others; {0}/README.md says how to use them",
            self.output.display()
        ));
        Ok(exit::DONE)
    }
}
