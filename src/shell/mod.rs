//! The interactive prompt: what can be typed at it, and what is shown while one types.

pub mod commands;
pub mod complete;
pub mod describe;
mod dot;
pub mod highlight;
mod learned;
pub mod nearest;
mod offers;
mod scope;
mod sources;
mod statement;
mod values;
pub mod vocabulary;

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::store::{Mode, Store};

    /// An empty store, in a folder that is gone with it.
    pub fn store() -> (TempDir, Store) {
        let folder = TempDir::new().expect("a folder");
        let store = Store::open(&folder.path().join("trail.duckdb"), Mode::Create).expect("a store");
        (folder, store)
    }

    /// A store with two alerts, a launch, and values that an attacker chose.
    pub fn filled() -> (TempDir, Store) {
        let (folder, store) = store();
        let event = |id: u32, name: &str, user: &str, parameters: &str| {
            format!(
                "('00000000-0000-0000-0000-{id:012}', '2026-01-01 00:0{id}:00', 'ec2.amazonaws.com', '{name}', \
                '198.51.100.{id}', {{'arn': 'arn:aws:iam::1:user/{user}'}}, '{parameters}'::JSON::VARIANT, false, 1)"
            )
        };
        let asks = r#"{"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true}"#;
        let events = [
            event(1, "DescribeImages", "alice", asks),
            event(2, "DescribeImages", "alice", asks),
            event(3, "DescribeImages", "o''neil", r#"{"ownersSet": {}, "odd name": 1, "\u001b[2J": 1}"#),
            event(4, "RunInstances", "alice", r#"{"instancesSet": {"items": [{"imageId": "ami-1"}]}}"#),
            event(5, "\u{1b}[2JRun", "alice\u{202e}", "null"),
        ];
        let insert = format!(
            "INSERT INTO events (event_id, event_time, event_source, event_name, source_ip_address, user_identity, \
            request_parameters, event_id_derived, file_id) VALUES {}",
            events.join(", ")
        );
        store.connection.execute_batch(&insert).expect("rows");
        (folder, store)
    }
}
