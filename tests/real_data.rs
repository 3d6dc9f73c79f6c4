//! Figures of the shared data set, which were counted by other means.

mod common;

use common::{Place, real_data};
use serde_json::json;

#[test]
fn an_attack_simulation_is_loaded_whole_and_once() {
    let Some(folder) = real_data() else { return };
    let folder = folder.to_str().expect("UTF-8");
    let place = Place::new();
    assert_eq!(place.load(&[folder]), [55, 2900, 2900, 0, 0]);
    assert_eq!(place.load(&[folder]), [55, 0, 0, 0, 0]);
    let figures = place.sql(
        "SELECT
            (SELECT count(*) FROM events) AS events,
            (SELECT count(*) FROM ami_queries) AS ami_queries,
            (SELECT count(include_deprecated) FROM ami_queries) AS include_deprecated,
            (SELECT count(*) FROM ami_queries WHERE include_deprecated) AS deprecated,
            (SELECT count(*) FROM deprecated_ami_discovery) AS alerts,
            (SELECT count(*) FROM ami_launches) AS launches,
            (SELECT count(*) FROM ami_launches WHERE outcome = 'success') AS launched,
            (SELECT count(*) FROM events WHERE error_code IS NOT NULL) AS errors,
            (SELECT count(*) FROM (SELECT DISTINCT principal_arn FROM api_calls)) AS arns,
            (SELECT count(*) FROM sources) AS addresses",
    );
    assert_eq!(
        figures,
        [json!({
            "events": 2900, "ami_queries": 20, "include_deprecated": 5, "deprecated": 0, "alerts": 0,
            "launches": 8, "launched": 2, "errors": 300, "arns": 14, "addresses": 16,
        })]
    );
}
