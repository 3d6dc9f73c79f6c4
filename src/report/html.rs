//! The report as one HTML file: nothing in it runs, nothing in it is fetched, every value in it is text.

mod axis;
mod cell;
mod columns;
mod lanes;
mod overview;
mod places;
mod scale;
mod spans;
mod view;

use std::io::Write;

use anyhow::Context as _;
use base64::prelude::{BASE64_STANDARD, Engine};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, escape_formatter};
use sha2::{Digest, Sha256};

use super::{Document, LONGEST_VALUES, MOST_BYTES};
use crate::output::visible;

const CSS: &str = include_str!("html/page.css");
const TEMPLATES: [(&str, &str); 3] = [
    ("page.html", include_str!("html/page.html")),
    ("parts.html", include_str!("html/parts.html")),
    ("charts.html", include_str!("html/charts.html")),
];

/// Writes the page of a document, with values cut so far that it stays small.
pub fn html(mut document: Document, to: &mut dyn Write) -> anyhow::Result<()> {
    let mut page = String::new();
    for &longest in LONGEST_VALUES {
        document.shorten(longest);
        page = render(&serde_json::to_value(&document)?)?;
        if page.len() <= MOST_BYTES {
            break;
        }
    }
    to.write_all(page.as_bytes())?;
    Ok(())
}

fn render(document: &serde_json::Value) -> anyhow::Result<String> {
    let environment = environment()?;
    let view = view::View::of(document);
    let page = environment.get_template("page.html")?.render(context! {
        view => Value::from(Serde(&view)),
        css => Value::from_safe_string(CSS.to_owned()),
        css_hash => hash(CSS),
        land => Value::from_safe_string(include_str!("html/land.svg").to_owned()),
    });
    page.context("the page cannot be made")
}

fn environment() -> anyhow::Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // what would act is spelled out, wherever it is written
    environment.set_formatter(|to, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(to, state, &Value::from(visible(text))),
        _ => escape_formatter(to, state, value),
    });
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// The hash of a style as a content security policy names it.
fn hash(style: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(style)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn page(document: &serde_json::Value) -> String {
        render(document).expect("a page")
    }

    /// A document with one table of one value.
    fn with_value(value: &str) -> serde_json::Value {
        let table = json!({"key": "t", "title": value, "note": null, "layout": "table",
            "columns": [{"name": "value", "meaning": value}], "display": ["value"], "rows": [{"value": value}],
            "rows_total": 1, "rows_left_out": 0, "all": value, "statement": value});
        json!({"format": "trailduck-report", "version": 2, "generator": "trailduck", "title": value,
            "scope": {"since": null, "until": null, "account_id": value, "principal": value}, "overview": {},
            "sections": [{"key": "s", "title": "S", "tables": [table]}], "alerts": [], "alerts_left_out": 0})
    }

    #[test]
    fn values_are_text() {
        let page = page(&with_value("<script>alert(1)</script>\" onclick='x' \u{202e}\u{0}&amp;"));
        assert!(page.contains(r"&lt;script&gt;alert(1)&lt;"), "{page}");
        assert!(page.contains(r"\u{202e}\u{0}&amp;amp;"), "{page}");
        assert!(!page.contains("<script") && !page.contains('\u{202e}') && !page.contains("\" onclick"), "{page}");
    }

    #[test]
    fn long_values_are_whole() {
        let value = "long ".repeat(2_000);
        assert!(page(&with_value(&value)).contains(&format!("<bdi>{value}</bdi>")));
    }

    #[test]
    fn long_lists_are_whole() {
        let mut document = with_value("x");
        let values: Vec<_> = (0..100).map(|number| format!("value-{number}")).collect();
        document["sections"][0]["tables"][0]["rows"][0]["value"] = json!(values);
        let page = page(&document);
        assert!(page.contains("all 100 values") && page.contains("value-99"), "{page}");
    }

    #[test]
    fn the_policy_names_the_style_and_nothing_else() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let page = page(&with_value("x"));
        let policy = format!("default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'", hash(CSS));
        assert!(page.contains(&format!("content=\"{}\"", policy.replace('/', "&#x2f;"))), "{}", &page[..600]);
        assert!(page.contains(&format!("<style>{CSS}</style>")));
        assert!(!page.contains(" style="), "a style attribute");
    }

    #[test]
    fn a_document_of_nothing_makes_a_page() {
        let empty = json!({"format": "trailduck-report", "version": 2, "generator": "trailduck", "title": "Nothing",
            "scope": {}, "overview": {"alerts": 0}, "sections": [], "alerts": [], "alerts_left_out": 0});
        assert!(page(&empty).contains("No alerts"));
    }

    /// Custom properties of the first rule after `before`.
    fn colors(before: &str) -> HashMap<String, String> {
        let rule = CSS.split_once(before).and_then(|(_, rest)| rest.split_once('}')).expect(before).0;
        let pairs = rule.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.trim().trim_end_matches(';').to_owned())).collect()
    }

    /// Relative luminance, as WCAG defines it.
    fn luminance(color: &str) -> f64 {
        let color = color.strip_prefix('#').expect("#rrggbb");
        let channel = |index: usize| {
            let value = f64::from(u8::from_str_radix(&color[index..index + 2], 16).expect("hexadecimal")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
    }

    #[test]
    fn colors_have_contrast() {
        let light = colors(":root {");
        let mut dark = light.clone();
        dark.extend(colors("(prefers-color-scheme: dark) {\n  :root {"));
        for (scheme, colors) in [("light", &light), ("dark", &dark)] {
            let contrast = |one: &str, other: &str| {
                let [one, other] = [one, other].map(|name| luminance(&colors[name]) + 0.05);
                one.max(other) / one.min(other)
            };
            for text in ["ink", "soft", "accent", "alert", "launch", "high", "medium", "low"] {
                for ground in ["paper", "wash"] {
                    let found = contrast(text, ground);
                    assert!(found >= 4.5, "{scheme}: {text} on {ground} is {found:.2}");
                }
            }
            for (shape, ground) in [("bar", "paper"), ("alert", "land"), ("accent", "land")] {
                let found = contrast(shape, ground);
                assert!(found >= 3.0, "{scheme}: {shape} on {ground} is {found:.2}");
            }
        }
    }
}
