//! What records came in.

/// What a file's text is, as the table `files` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Records,
    Ndjson,
    Array,
    Record,
    Digest,
    /// CSV: query results of CloudTrail Lake or Athena, the console's event history.
    Csv,
    /// `aws cloudtrail lookup-events`.
    LookupEvents,
    /// `aws cloudtrail get-query-results`.
    Lake,
    /// Rows of Athena's table for CloudTrail, as JSON.
    Athena,
    EventBridge,
    CloudWatchLogs,
    Sns,
    Sqs,
    Elasticsearch,
    Other,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Ndjson => "ndjson",
            Self::Array => "array",
            Self::Record => "record",
            Self::Digest => "digest",
            Self::Csv => "csv",
            Self::LookupEvents => "lookup-events",
            Self::Lake => "cloudtrail-lake",
            Self::Athena => "athena",
            Self::EventBridge => "eventbridge",
            Self::CloudWatchLogs => "cloudwatch-logs",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
            Self::Elasticsearch => "elasticsearch",
            Self::Other => "other",
        }
    }

    /// Whether it says no more than where one record ends and the next begins.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Records | Self::Ndjson | Self::Array | Self::Record)
    }
}
