//! The map: a circle for each place that calls came from.

use serde::Serialize;
use serde_json::Value;

use super::columns::{WIDTH, round};
use super::scale::{many, short};

/// The map begins west of Alaska, between America and Asia, and has no Antarctica.
const WEST: f64 = -169.0;
const NORTH: f64 = 86.0;
const SOUTH: f64 = -58.0;
const PIXELS: f64 = WIDTH / 360.0;
/// Circles of the rarest and of the most.
const RADII: (f64, f64) = (3.0, 20.0);
/// Places that may have their name written.
const NAMED: usize = 14;
const LETTER: f64 = 6.6;
const LINE: f64 = 13.0;

#[derive(Serialize)]
pub struct Places {
    width: f64,
    height: f64,
    /// What brings the outline of the land to its place.
    scale: f64,
    shift_x: f64,
    shift_y: f64,
    circles: Vec<Circle>,
    labels: Vec<Label>,
    /// Rows without coordinates.
    elsewhere: usize,
    summary: String,
}

#[derive(Serialize)]
struct Circle {
    x: f64,
    y: f64,
    radius: f64,
    alerts: bool,
    what: String,
}

#[derive(Serialize)]
struct Label {
    x: f64,
    y: f64,
    /// Whether it ends at `x`.
    before: bool,
    text: String,
}

impl Places {
    /// Draws rows of `latitude`, `longitude`, `events` and `alerts`; none if none has coordinates.
    pub fn of(rows: &[Value]) -> Option<Self> {
        let mut placed: Vec<_> = rows.iter().filter_map(|row| Some((project(row)?, row))).collect();
        // the largest lie below
        let count = |row: &Value, name: &str| row[name].as_u64().unwrap_or(0);
        placed.sort_by_key(|(_, row)| std::cmp::Reverse(count(row, "events")));
        let most = count(placed.first()?.1, "events").max(1);
        let circles = placed.iter().map(|&((x, y), row)| Circle {
            x,
            y,
            radius: round(RADII.0 + (RADII.1 - RADII.0) * (count(row, "events") as f64 / most as f64).sqrt()),
            alerts: count(row, "alerts") > 0,
            what: what(row),
        });
        let circles: Vec<_> = circles.collect();
        let mut wanted: Vec<_> = circles.iter().zip(&placed).map(|(circle, (_, row))| (circle, *row)).collect();
        wanted.sort_by_key(|(circle, _)| !circle.alerts);
        let mut labels: Vec<Label> = Vec::new();
        for (circle, row) in wanted.into_iter().take(NAMED) {
            let label = Label::of(circle, name(row));
            let free = labels.iter().all(|other| !label.touches(other));
            if free {
                labels.push(label);
            }
        }
        Some(Self {
            width: WIDTH,
            height: round((NORTH - SOUTH) * PIXELS),
            scale: PIXELS,
            // the outline counts from longitude -180 and latitude 90
            shift_x: -(WEST + 180.0),
            shift_y: -(90.0 - NORTH),
            elsewhere: rows.len() - circles.len(),
            summary: summary(&placed),
            circles,
            labels,
        })
    }
}

impl Label {
    fn of(circle: &Circle, name: &str) -> Self {
        let text = short(name, 28);
        let before = circle.x + circle.radius + LETTER * text.chars().count() as f64 > WIDTH - 4.0;
        let side = if before { -1.0 } else { 1.0 };
        Self { x: round(circle.x + side * (circle.radius + 4.0)), y: round(circle.y + 4.0), before, text }
    }

    fn span(&self) -> (f64, f64) {
        let width = LETTER * self.text.chars().count() as f64;
        if self.before { (self.x - width, self.x) } else { (self.x, self.x + width) }
    }

    fn touches(&self, other: &Self) -> bool {
        let (left, right) = self.span();
        let (other_left, other_right) = other.span();
        (self.y - other.y).abs() < LINE && left < other_right && other_left < right
    }
}

fn project(row: &Value) -> Option<(f64, f64)> {
    let (latitude, longitude) = (row["latitude"].as_f64()?, row["longitude"].as_f64()?);
    let there = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    let x = (longitude - WEST).rem_euclid(360.0) * PIXELS;
    // Antarctica lies on the lower edge
    there.then(|| (round(x), round((NORTH - latitude.clamp(SOUTH, NORTH)) * PIXELS)))
}

fn name(row: &Value) -> &str {
    let names = ["city_name", "country_name", "country_iso_code"];
    names.iter().find_map(|name| row[*name].as_str()).unwrap_or("unnamed")
}

fn what(row: &Value) -> String {
    let count = |name: &str, one| many(row[name].as_i64().unwrap_or(0), one);
    let country = row["country_name"].as_str().filter(|country| *country != name(row));
    let country = country.map_or_else(String::new, |country| format!(", {country}"));
    format!("{}{country}: {}, {}", name(row), count("events", "event"), count("alerts", "alert"))
}

fn summary(placed: &[((f64, f64), &Value)]) -> String {
    let alerting: Vec<_> =
        placed.iter().filter(|(_, row)| row["alerts"].as_u64() > Some(0)).map(|(_, row)| name(row)).collect();
    let shown = alerting.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let from = match alerting.len() {
        0 => "none has alerts".to_owned(),
        1..=5 => format!("alerts came from {shown}"),
        more => format!("alerts came from {shown} and {} more", more - 5),
    };
    format!("{}, each a circle by the number of its events; {from}.", many(placed.len() as i64, "place"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(city: &str, latitude: f64, longitude: f64, events: u64, alerts: u64) -> Value {
        json!({"city_name": city, "country_name": "Land", "latitude": latitude, "longitude": longitude,
            "events": events, "alerts": alerts})
    }

    #[test]
    fn places_are_where_they_are() {
        let null = place("nowhere", 0.0, 0.0, 1, 0).as_object().map(|row| {
            let mut row = row.clone();
            row.insert("latitude".to_owned(), Value::Null);
            Value::Object(row)
        });
        let rows = [place("a", 86.0, -169.0, 100, 0), place("b", -58.0, 11.0, 25, 1), null.expect("a row")];
        let map = Places::of(&rows).expect("a map");
        let circles: Vec<_> = map.circles.iter().map(|circle| (circle.x, circle.y, circle.radius)).collect();
        assert_eq!(circles, [(0.0, 0.0, 20.0), (WIDTH / 2.0, map.height, 11.5)]);
        assert_eq!(map.elsewhere, 1);
        assert_eq!(map.circles[1].what, "b, Land: 25 events, 1 alert");
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let rows =
            [place("Osaka", 34.7, 135.5, 5, 0), place("Kyoto", 35.0, 135.8, 9, 0), place("Tokyo", 35.7, 139.7, 1, 1)];
        let map = Places::of(&rows).expect("a map");
        assert_eq!(map.labels.iter().map(|label| label.text.as_str()).collect::<Vec<_>>(), ["Tokyo"]);
    }

    #[test]
    fn nothing_makes_no_map() {
        assert!(Places::of(&[]).is_none());
        assert!(Places::of(&[place("x", 91.0, 0.0, 1, 0)]).is_none());
    }
}
