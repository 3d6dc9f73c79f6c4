//! `s3://bucket/key`.

use std::fmt;
use std::path::Path;

/// A bucket, or what lies in it below a key: an object, or a folder of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    pub bucket: String,
    /// Without the `/` behind the bucket; empty for all of it.
    pub key: String,
}

/// What is no URI of a bucket.
#[derive(Debug, thiserror::Error)]
#[error("{0}: expected s3://bucket, s3://bucket/folder/ or s3://bucket/object")]
pub struct NoBucket(String);

impl Uri {
    /// None if a path is no such URI.
    pub fn of(path: &Path) -> Option<Result<Self, NoBucket>> {
        let text = path.to_string_lossy();
        let (scheme, rest) = text.split_once("://")?;
        if !["s3", "s3a", "s3n"].contains(&scheme.to_ascii_lowercase().as_str()) {
            return None;
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        // S3 User Guide, "General purpose bucket naming rules"; aliases of access points are alike
        let named =
            bucket.len() >= 3 && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !named || path.to_str().is_none() {
            return Some(Err(NoBucket(text.into_owned())));
        }
        Some(Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() }))
    }

    /// The same, but for names of folders that are empty: `a//b/` is `a/b/`.
    pub fn without_empty_names(&self) -> Self {
        let mut key = self.key.trim_start_matches('/').to_owned();
        while key.contains("//") {
            key = key.replace("//", "/");
        }
        Self { bucket: self.bucket.clone(), key }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        write!(to, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_a_bucket_and_perhaps_a_key() {
        let uri = |text: &str| {
            Uri::of(Path::new(text)).map(|uri| uri.map(|uri| (uri.bucket, uri.key)).map_err(|error| error.to_string()))
        };
        let expected = |bucket: &str, key: &str| Some(Ok((bucket.to_owned(), key.to_owned())));
        assert_eq!(uri("s3://my-trail"), expected("my-trail", ""));
        assert_eq!(uri("s3://my-trail/"), expected("my-trail", ""));
        assert_eq!(uri("S3://my-trail/"), expected("my-trail", ""));
        assert_eq!(uri("s3://my.trail/AWSLogs/"), expected("my.trail", "AWSLogs/"));
        assert_eq!(uri("logs/s3"), None);
        let double = Uri { bucket: "my-trail".to_owned(), key: "///AWSLogs///a//".to_owned() };
        assert_eq!(double.without_empty_names().to_string(), "s3://my-trail/AWSLogs/a/");
        for wrong in ["s3://", "s3:///key", "s3://a b/key", "s3://user@host/key"] {
            assert!(uri(wrong).is_some_and(|uri| uri.is_err_and(|error| error.starts_with(wrong))), "{wrong}");
        }
    }
}
