//! What someone who mistyped a name may have meant.

use strsim::{damerau_levenshtein, jaro_winkler};

/// The name nearest to a mistyped one; none where nothing is near.
pub fn nearest<'n>(name: &str, among: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let typed = name.to_lowercase();
    let length = typed.chars().count();
    if length == 0 {
        return None;
    }
    let near = |candidate: &'n str| {
        let lower = candidate.to_lowercase();
        let mistakes = damerau_levenshtein(&typed, &lower);
        // as far as a hasty hand goes; a name may also be cut short, or known in part
        let is_near = mistakes <= (length / 3).max(1) && mistakes < length;
        let is_part = length >= 4 && lower.contains(&typed);
        let similarity = jaro_winkler(&typed, &lower);
        (is_near || is_part || similarity > 0.92).then_some((
            if is_near { mistakes } else { length },
            similarity,
            candidate,
        ))
    };
    let near = among.into_iter().filter_map(near);
    near.min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2))).map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_what_was_meant() {
        let names =
            ["api_calls", "ami_queries", "ami_launches", "principals", "launches_after_deprecated_query", ".mode"];
        for (typed, meant) in [
            ("api_call", Some("api_calls")),
            ("apicalls", Some("api_calls")),
            ("AMI_QUERYS", Some("ami_queries")),
            ("ami_lanuches", Some("ami_launches")),
            ("principal", Some("principals")),
            ("launches_after", Some("launches_after_deprecated_query")),
            ("deprecated_query", Some("launches_after_deprecated_query")),
            (".mdoe", Some(".mode")),
            ("weather", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }
}
