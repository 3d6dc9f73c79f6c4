//! What Apache Spark 4 needs to run the same detections and queries: SQL, examples, a job, and how to use them.

mod inline;
mod script;
mod source;

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::catalog::CATALOG;

/// The views that many queries read and that are small beside the events: a session may keep their rows.
const MARTS: &[&str] = &[
    "ami_queries",
    "role_sessions",
    "launch_calls",
    "template_images",
    "configuration_images",
    "ami_launches",
    "ami_query_keys",
    "chained_query_keys",
    "chained_launch_keys",
    "clients",
    "sources",
    "origins",
    "ami_events",
    "ami_history",
    "image_launches",
    "ami_name_ages",
    "instance_terminations",
    "instances",
];

/// Writes the pack to a folder, made if it is not there; files of an older pack are replaced.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let queries = folder.join("queries");
    fs::create_dir_all(&queries).with_context(|| format!("cannot make the folder {}", queries.display()))?;
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("README.md", include_str!("README.md"))?;
    put("trailduck_spark.py", &include_str!("trailduck_spark.py").replace("[\"MARTS\"]", &format!("{MARTS:?}")))?;
    put("detect.py", include_str!("detect.py"))?;
    let heading = "The views, detections and companion queries of trailduck, for Spark 4. Needs the view `events`, and those of tables_*.sql.";
    put("trailduck.sql", &text(heading, &script::statements_for_spark()))?;
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
