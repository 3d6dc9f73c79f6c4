//! What Apache Spark 4 needs to run the same detections and queries: SQL, examples, a job, and how to use them.

mod inline;
mod script;
mod source;

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::catalog::CATALOG;
use script::Script;

/// Writes the pack to a folder, made if it is not there; files of an older pack are replaced.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let queries = folder.join("queries");
    fs::create_dir_all(&queries).with_context(|| format!("cannot make the folder {}", queries.display()))?;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("README.md", include_str!("README.md"))?;
    put("trailduck_spark.py", include_str!("trailduck_spark.py"))?;
    put("detect.py", include_str!("detect.py"))?;
    let Script { detections, queries } = script::script();
    let heading = "The detections of trailduck and what they stand on, for Spark 4. Needs the view `events`, and those of tables_*.sql.";
    let below = "The companion queries and what they stand on; `marts` stands for a folder for the rows of views that many of them read.";
    put("trailduck.sql", &format!("{}\n{}", text(heading, &detections), text(below, &queries)))?;
    let heading = "What `trailduck export --format parquet -o DIR` wrote; `export` stands for DIR.";
    put("events_parquet.sql", &text(heading, &source::events_parquet()))?;
    put("tables_parquet.sql", &text(heading, &source::tables_parquet()?))?;
    let heading = "CloudTrail's own files; `cloudtrail` stands for where they lie.";
    put("events_json.sql", &text(heading, &source::events_json()))?;
    let heading = "The tables of a store in which nothing was recorded: no exceptions, no places, no inventories.";
    put("tables_empty.sql", &text(heading, &source::tables_empty()?))?;
    for query in &CATALOG.queries {
        put(&format!("queries/{}.sql", query.name), &script::example(query))?;
    }
    Ok(())
}

/// Statements as a script. A semicolon at the end of a line ends each, and stands nowhere else.
fn text(heading: &str, statements: &[String]) -> String {
    let statements: String = statements.iter().map(|statement| format!("\n{statement};\n")).collect();
    format!("-- {heading}\n{statements}")
}
