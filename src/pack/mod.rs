//! What Apache Spark 4 needs to run the same detections and queries: SQL, examples, a job, and how to use them.

mod inline;
mod script;
mod source;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::catalog::CATALOG;
use script::Script;

/// Writes the pack to a folder, made if it is not there; files of an older pack are replaced.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let is_pack = folder.join("trailduck_spark.py").exists();
    if !is_pack && fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
        bail!("{} holds something else: write to a new folder, or to one with an older pack", folder.display());
    }
    let queries = folder.join("queries");
    fs::create_dir_all(&queries).with_context(|| format!("cannot make the folder {}", queries.display()))?;
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    let Script { detections, queries } = script::script();
    let heading = "The detections of trailduck and what they stand on, for Spark 4. Needs the view `events`, and those of tables_*.sql.";
    let below = "The companion queries and what they stand on; `marts` stands for a folder for the rows of views that many of them read.";
    let everything = format!("{}\n{}", text(heading, &detections), text(below, &queries));
    let heading = "What `trailduck export --format parquet -o DIR` wrote; `export` stands for DIR.";
    let events_parquet = text(heading, &source::events_parquet());
    let tables_parquet = text(heading, &source::tables_parquet()?);
    let heading = "CloudTrail's own files; `cloudtrail` stands for where they lie.";
    let events_json = text(heading, &source::events_json());
    let heading = "The tables of a store in which nothing was recorded: no exceptions, no places, no inventories.";
    let tables_empty = text(heading, &source::tables_empty()?);
    let helper = [
        ("trailduck_spark.py", include_str!("trailduck_spark.py")),
        ("trailduck.sql", &everything),
        ("events_parquet.sql", &events_parquet),
        ("tables_parquet.sql", &tables_parquet),
        ("events_json.sql", &events_json),
        ("tables_empty.sql", &tables_empty),
    ];
    for (name, text) in helper {
        put(name, text.as_bytes())?;
    }
    put("trailduck.zip", &zipped(&helper)?)?;
    put("README.md", include_bytes!("README.md"))?;
    put("detect.py", include_bytes!("detect.py"))?;
    for query in &CATALOG.queries {
        put(&format!("queries/{}.sql", query.name), script::example(query).as_bytes())?;
    }
    Ok(())
}

/// An archive of files, for `--py-files`.
fn zipped(files: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Statements as a script. A semicolon at the end of a line ends each, and stands nowhere else.
fn text(heading: &str, statements: &[String]) -> String {
    let statements: String = statements.iter().map(|statement| format!("\n{statement};\n")).collect();
    format!("-- {heading}\n{statements}")
}
