//! What requests cost.

/// US dollars for a request for a list, and for an object: S3 Standard, US East (N. Virginia).
///
/// Source: <https://aws.amazon.com/s3/pricing/>, "Requests & data retrievals": $0.005 per 1,000 LIST requests, $0.0004 per
/// 1,000 GET requests.
pub const LIST: f64 = 0.005 / 1000.0;
pub const GET: f64 = 0.0004 / 1000.0;

/// When these prices were in force.
pub const AS_OF: &str = "2025";
