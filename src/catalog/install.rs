//! The statements that install the catalog in a store: views, then the rules, then the companion queries.

use super::{Catalog, Detection, Parameter, Query, one_line, quote};

impl Catalog {
    /// Statements that install all but the queries, a batch for each file, in order.
    pub fn install(&self) -> Vec<String> {
        let views = self.views.iter().map(|&statements| statements.to_owned());
        let detections = self.detections.iter().map(Detection::install);
        let rules = [self.install_rules(), self.install_matches(), install_exception_matches(&self.detections)];
        views.chain(detections).chain(rules).collect()
    }

    /// The queries in an order in which each comes after those it asks.
    pub fn queries_by_need(&self) -> Vec<&Query> {
        let mut waiting: Vec<_> = self.queries.iter().collect();
        let mut ordered = Vec::new();
        while !waiting.is_empty() {
            let (ready, others): (Vec<&Query>, Vec<&Query>) =
                waiting.iter().copied().partition(|query| !waiting.iter().any(|other| query.asks(other)));
            assert!(
                !ready.is_empty(),
                "queries that ask each other: {:?}",
                waiting.iter().map(|query| &query.name).collect::<Vec<_>>()
            );
            ordered.extend(ready);
            waiting = others;
        }
        ordered
    }

    /// Statements that install what the rules say of themselves.
    fn install_rules(&self) -> String {
        format!(
            "CREATE OR REPLACE VIEW rules AS {};\n\
             COMMENT ON VIEW rules IS 'The detections, one row each, as their files in sql/detections describe them.';\n\
             CREATE OR REPLACE VIEW rule_steps AS {};\n\
             COMMENT ON VIEW rule_steps IS 'What the rules advise: kind is false_positive, investigation, response or reference.';",
            self.select_rules(),
            self.select_rule_steps()
        )
    }

    /// What the rules advise as rows.
    pub fn select_rule_steps(&self) -> String {
        let step = |rule: &Detection, kind: &str, steps: &[String]| {
            let step = |(index, step): (usize, &String)| {
                format!("({}, '{kind}', {}, {})", quote(&rule.name), index + 1, quote(&one_line(step)))
            };
            steps.iter().enumerate().map(step).collect::<Vec<_>>()
        };
        let steps = |rule: &Detection| {
            [
                step(rule, "false_positive", &rule.false_positives),
                step(rule, "investigation", &rule.investigation),
                step(rule, "response", &rule.response),
                step(rule, "reference", &rule.references),
            ]
            .concat()
        };
        let steps: Vec<_> = self.detections.iter().flat_map(steps).collect();
        format!("SELECT * FROM (VALUES {}) AS t(rule, kind, position, step)", steps.join(", "))
    }

    /// The rules as rows.
    pub fn select_rules(&self) -> String {
        let row = |rule: &Detection| {
            let texts = [
                &rule.name,
                rule.severity.name(),
                &rule.title,
                &rule.tactic,
                &rule.technique,
                &rule.schedule,
                &rule.lookback,
            ];
            let texts = texts.map(quote).join(", ");
            let description = quote(&one_line(&rule.description));
            format!("({texts}, {}, {}, {description})", rule.risk_score, rule.enabled)
        };
        let rows: Vec<_> = self.detections.iter().map(row).collect();
        format!(
            "SELECT * FROM (VALUES {}) AS t(rule, severity, title, tactic, technique, schedule, lookback, risk_score, enabled, description)",
            rows.join(", ")
        )
    }

    /// Statements that install the matches of all rules as one view, and those of the enabled ones as two.
    fn install_matches(&self) -> String {
        let matches = |rules: Vec<&Detection>| {
            let of = |rule: &Detection| format!("SELECT * FROM {}_with_suppressed", rule.name);
            rules.into_iter().map(of).collect::<Vec<_>>().join("\nUNION ALL BY NAME\n")
        };
        format!(
            "CREATE OR REPLACE VIEW all_rule_matches AS\n{};\n\
             COMMENT ON VIEW all_rule_matches IS 'What the rules match, enabled or not, suppressed or not: an event that two rules match is there twice.';\n\
             CREATE OR REPLACE VIEW rule_matches_with_suppressed AS\n{};\n\
             COMMENT ON VIEW rule_matches_with_suppressed IS 'What the enabled rules match, suppressed or not: an event that two rules match is there twice.';\n\
             CREATE OR REPLACE VIEW rule_matches AS\n\
             SELECT * EXCLUDE (suppressed_by) FROM rule_matches_with_suppressed WHERE suppressed_by IS NULL;\n\
             COMMENT ON VIEW rule_matches IS 'What the enabled rules match and no exception suppresses, now and among all events (what was raised, when, and what became of it is in the table alerts). An event that two rules match is there twice.';",
            matches(self.detections.iter().collect()),
            matches(self.enabled_detections())
        )
    }
}

impl Detection {
    /// Statements that install it: two views, with the rule's name, severity and risk score in each row. One has all
    /// matches, each with the exception that suppresses it; the other, which bears the rule's name, the rest.
    fn install(&self) -> String {
        let Self { name, select, .. } = self;
        let (severity, risk_score) = (self.severity.name(), self.risk_score);
        let comment = format!("{}. {}", self.title, one_line(&self.description));
        format!(
            "CREATE OR REPLACE VIEW {name}_with_suppressed AS\n\
             SELECT alert.*, suppressing_exception({ALERT}) AS suppressed_by\n\
             FROM (\n\
             SELECT '{name}' AS rule, '{severity}' AS severity, {risk_score} AS risk_score, alert.*\n\
             FROM (\n{select}\n) AS alert\n\
             ) AS alert;\n\
             COMMENT ON VIEW {name}_with_suppressed IS {};\n\
             COMMENT ON COLUMN {name}_with_suppressed.suppressed_by IS \
             'Name of the exception that suppresses the alert; null: none does.';\n\
             CREATE OR REPLACE VIEW {name} AS\n\
             SELECT alert.* EXCLUDE (suppressed_by)\n\
             FROM {name}_with_suppressed AS alert\n\
             WHERE alert.suppressed_by IS NULL;\n\
             COMMENT ON VIEW {name} IS {};",
            quote(&format!("As {name}, with the alerts that exceptions suppress. {comment}")),
            quote(&comment)
        )
    }
}

/// What exceptions look at in an alert, so that every detection has these columns: the arguments of the macro
/// suppressing_exception.
const ALERT: &str = "alert.rule, alert.principal, alert.account_id, alert.session_issuer_arn, alert.access_key_id, \
    alert.source_ip_address, alert.user_agent, alert.aws_region, alert.owners";

/// Statements that install the view of what each exception covers.
fn install_exception_matches(detections: &[Detection]) -> String {
    let of = |Detection { name, enabled, .. }: &Detection| {
        let counted = if *enabled { "true" } else { "exception.rule IS NOT NULL" };
        format!(
            "SELECT exception.name, alert.rule, alert.event_id, alert.event_time, alert.principal, {counted} AS counted\n\
             FROM exceptions AS exception, {name}_with_suppressed AS alert\n\
             WHERE exception_covers(exception, {ALERT})"
        )
    };
    let matches: Vec<_> = detections.iter().map(of).collect();
    format!(
        "CREATE OR REPLACE VIEW exception_matches AS\n{};\n\
         COMMENT ON VIEW exception_matches IS 'Each exception, expired ones too, with each alert it covers.';\n\
         COMMENT ON COLUMN exception_matches.counted IS 'Whether the rule runs unasked or the exception names it: an \
         alert that is seen twice, by a rule and its wider variant, counts once.';",
        matches.join("\nUNION ALL\n")
    )
}

impl Query {
    /// The parameters as the macro declares them.
    pub fn signature(&self) -> String {
        let parameter = |parameter: &Parameter| {
            let default = parameter.default.as_ref().map(|default| format!(" := {default}")).unwrap_or_default();
            format!("{} {}{default}", parameter.name, parameter.kind.name())
        };
        self.parameters.iter().map(parameter).collect::<Vec<_>>().join(", ")
    }

    /// SQL that asks it. Arguments of these names are parameters of that SQL, to be bound.
    pub fn call<'n>(&self, names: impl Iterator<Item = &'n str>) -> String {
        let given: Vec<_> = names.collect();
        let given = self.parameters.iter().filter(|parameter| given.contains(&parameter.name.as_str()));
        let argument = |Parameter { name, kind, .. }: &Parameter| format!("{name} := ${name}::{}", kind.name());
        format!("FROM {}({})", self.name, given.map(argument).collect::<Vec<_>>().join(", "))
    }

    /// Whether another query is among what it selects from.
    pub fn asks(&self, other: &Query) -> bool {
        self.name != other.name && self.select.contains(&format!("{}(", other.name))
    }

    /// Statements that install it: a table macro.
    pub fn install(&self) -> String {
        let Self { name, select, .. } = self;
        format!(
            "CREATE OR REPLACE MACRO {name}({}) AS TABLE\n{select};\n\
             COMMENT ON MACRO TABLE {name} IS {};",
            self.signature(),
            quote(&format!("{}. {}", self.title, one_line(&self.description)))
        )
    }
}
