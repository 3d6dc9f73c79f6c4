//! Alerts for a web server: a POST each, the alert as JSON.

use std::error::Error;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use reqwest::blocking::{Client, Response};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, redirect};
use url::Url;

use super::{Again, Delivery, Refusal, Whose};

/// The environment variable that holds a header with a secret: `Authorization: Bearer ...`.
pub const HEADER_VARIABLE: &str = "TRAILDUCK_WEBHOOK_HEADER";

/// Posts alerts.
pub struct Webhook {
    client: Client,
    url: Url,
    /// The receiver as it may be shown: a path, a query or a password may be secrets.
    shown: String,
}

impl Webhook {
    /// A receiver, how long it may take to answer, and a header (`Name: value`) that is sent along and never shown.
    ///
    /// # Errors
    /// Where the URL or the header is none. The error repeats neither.
    pub fn new(url: &str, limit: Duration, header: Option<&str>) -> anyhow::Result<Self> {
        let Ok(url) = Url::parse(url) else {
            bail!("--webhook: expected a URL such as https://alerts.example.com/hook")
        };
        if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
            bail!("--webhook: expected a URL that begins with https:// or http://");
        }
        let headers = headers(header)?;
        // what the URL says would take the place of what the header says
        if headers.contains_key(AUTHORIZATION) && !(url.username().is_empty() && url.password().is_none()) {
            bail!("--webhook: both its URL and {HEADER_VARIABLE} say who we are: leave one out");
        }
        let client = Client::builder()
            .timeout(limit)
            .user_agent(concat!("trailduck/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // an alert, and the secret with it, goes to nobody else
            .redirect(redirect::Policy::none())
            .build()
            .context("--webhook: no HTTP client")?;
        let shown = format!("webhook {}", url.origin().ascii_serialization());
        Ok(Self { client, url, shown })
    }

    pub(super) fn tell(&self, delivery: &Delivery, now: DateTime<Utc>) -> Result<(), Refusal> {
        let posted = self
            .client
            .post(self.url.clone())
            .header("Idempotency-Key", delivery.alert_id.to_string())
            .body(delivery.alert.clone())
            .send();
        match posted {
            Ok(response) => self.judge(&response, now),
            Err(error) => Err(Refusal::Failed {
                error: format!("{}: {}", self.shown, causes(error.without_url())),
                whose: Whose::Receiver,
                when: Again::Soon,
            }),
        }
    }

    /// What a receiver's answer means (RFC 9110, section 15).
    fn judge(&self, response: &Response, now: DateTime<Utc>) -> Result<(), Refusal> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
        let for_now = status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        // what is wrong with one alert need not be wrong with the next
        let of_alert = [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY]
            .contains(&status);
        let advice = match () {
            () if for_now => "",
            () if status.is_redirection() => ": it redirects, which is not followed; give the URL it redirects to",
            () => ": it will not take the alert as things are; check the URL and TRAILDUCK_WEBHOOK_HEADER",
        };
        Err(Refusal::Failed {
            error: format!("{}: {status}{advice}", self.shown),
            whose: if of_alert { Whose::Alert } else { Whose::Receiver },
            when: match asked {
                Some(asked) if for_now => Again::After(asked),
                _ if for_now => Again::Soon,
                _ => Again::Later,
            },
        })
    }
}

fn headers(secret: Option<&str>) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let Some(secret) = secret else { return Ok(headers) };
    let parsed = secret.split_once(':').and_then(|(name, value)| {
        Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, HeaderValue::from_str(value.trim()).ok()?))
    });
    let Some((name, mut value)) = parsed else {
        bail!("{HEADER_VARIABLE}: expected a header such as 'Authorization: Bearer ...'");
    };
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(headers)
}

/// Retry-After: seconds, or a moment (RFC 9110, section 10.2.3).
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = DateTime::parse_from_rfc2822(value.trim()).ok()?;
    Some((moment.to_utc() - now).to_std().unwrap_or_default())
}

/// An error with what caused it.
fn causes(error: reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "it did not answer in time".to_owned() } else { error.to_string() };
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_as_a_moment() {
        let now = DateTime::parse_from_rfc3339("2026-10-06T02:00:00Z").expect("a time").to_utc();
        let asked = |value| retry_after(value, now).map(|asked| asked.as_secs());
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Tue, 06 Oct 2026 02:05:00 GMT"), Some(300));
        assert_eq!(asked("Tue, 06 Oct 2026 01:00:00 GMT"), Some(0));
        for nonsense in ["", "soon", "-5", "1.5"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn what_is_no_url_or_header_is_refused_without_being_repeated() {
        let limit = Duration::from_secs(1);
        for url in ["", "hunter2", "ftp://hunter2@example.com/", "file:///hunter2", "https://"] {
            let error = Webhook::new(url, limit, None).err().expect("an error").to_string();
            assert!(error.contains("expected a URL") && !error.contains("hunter2"), "{error}");
        }
        for header in ["hunter2", "X Y: hunter2", "Authorization: a\nhunter2", ": hunter2"] {
            let error = Webhook::new("https://example.com", limit, Some(header)).err();
            let error = error.unwrap_or_else(|| panic!("{header} was taken")).to_string();
            assert!(error.contains("expected a header") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_user_in_the_url_and_an_authorization_header_do_not_go_together() {
        let new = |url, header| Webhook::new(url, Duration::from_secs(1), Some(header)).map(|_| ());
        let error =
            new("https://user:hunter2@example.com", "authorization: Bearer hunter2").expect_err("both").to_string();
        assert!(error.contains("leave one out") && !error.contains("hunter2"), "{error}");
        assert!(new("https://user:hunter2@example.com", "X-Secret: hunter2").is_ok());
        assert!(new("https://example.com", "Authorization: Bearer hunter2").is_ok());
    }

    #[test]
    fn of_a_url_only_the_server_is_shown() {
        let url = "https://user:hunter2@hooks.example.com:8443/services/hunter2?token=hunter2#hunter2";
        let webhook = Webhook::new(url, Duration::from_secs(1), None).expect("a webhook");
        assert_eq!(webhook.shown, "webhook https://hooks.example.com:8443");
    }
}
