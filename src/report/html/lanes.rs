//! The timeline of the incident: a lane for each principal, with its queries, launches and attempts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::axis::{Axis, Tick};
use super::columns::{WIDTH, round};
use super::scale::{many, seconds, short};

/// More are in the table alone.
const MOST: usize = 12;
const TOP: f64 = 30.0;
const LANE: f64 = 50.0;
/// Characters of a principal's name.
const NAME: usize = 120;
/// Marks nearer than this become one.
const NEAR: f64 = 7.0;

#[derive(Serialize)]
pub struct Lanes {
    width: f64,
    height: f64,
    bottom: f64,
    lanes: Vec<Lane>,
    /// From a query to what it is linked with.
    links: Vec<Link>,
    ticks: Vec<Tick>,
    /// Lines down where the axis is broken.
    breaks: Vec<f64>,
    /// Kinds of marks that there are.
    kinds: Vec<&'static str>,
    left_out: usize,
    summary: String,
}

#[derive(Serialize)]
struct Lane {
    name: String,
    label: f64,
    y: f64,
    /// Left and right of the axis' pieces.
    spans: Vec<(f64, f64)>,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Mark {
    kind: &'static str,
    x: f64,
    y: f64,
    count: usize,
    /// The first of them, in words.
    what: String,
}

#[derive(Serialize, PartialEq)]
struct Link {
    x1: f64,
    y1: f64,
    x2: f64,
    y2: f64,
    /// Above or between them.
    x: f64,
    y: f64,
}

struct Step<'a> {
    time: i64,
    kind: &'static str,
    principal: &'a str,
    row: &'a Value,
}

const KINDS: [&str; 3] = ["query", "launch", "attempt"];

impl Lanes {
    /// Draws rows of `event_time`, `kind` and `principal`; none if there are none.
    pub fn of(rows: &[Value]) -> Option<Self> {
        let mut steps: Vec<_> = rows.iter().filter_map(Step::of).collect();
        steps.sort_by_key(|step| step.time);
        // of each principal: launches and attempts, all steps, the first of them
        let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            let count = counts.entry(step.principal).or_insert((0, 0, index));
            count.0 += usize::from(step.kind != "query");
            count.1 += 1;
        }
        let mut principals: Vec<_> = counts.into_iter().collect();
        let left_out = principals.len().saturating_sub(MOST);
        principals.sort_by_key(|&(_, (launches, steps, first))| (Reverse(launches), Reverse(steps), first));
        principals.truncate(MOST);
        principals.sort_by_key(|&(_, (_, _, first))| first);
        let lane_of: HashMap<_, _> = principals.iter().enumerate().map(|(lane, (name, _))| (*name, lane)).collect();
        steps.retain(|step| lane_of.contains_key(step.principal));

        let times: Vec<_> = steps.iter().map(|step| step.time).collect();
        let axis = Axis::of(&times, 4.0, WIDTH - 4.0)?;
        let y = |lane: usize| TOP + LANE * lane as f64 + 32.0;
        let lane = |(index, (name, _)): (usize, &(&str, _))| Lane {
            name: short(name, NAME),
            label: y(index) - 18.0,
            y: y(index),
            spans: axis.spans(),
            marks: Vec::new(),
        };
        let mut lanes: Vec<_> = principals.iter().enumerate().map(lane).collect();
        let mut queries: HashMap<&str, (f64, f64)> = HashMap::new();
        let mut links: Vec<Link> = Vec::new();
        for step in &steps {
            let lane = &mut lanes[lane_of[step.principal]];
            let x = lane.mark(step, axis.place(step.time));
            if let Some(id) = step.row["event_id"].as_str().filter(|_| step.kind == "query") {
                queries.insert(id, (x, lane.y));
            }
            let query = step.row["query_event_id"].as_str().and_then(|id| queries.get(id));
            if let Some(&(x1, y1)) = query.filter(|_| step.kind != "query") {
                let link = Link::new(x1, y1, x, lane.y);
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
        let spans = axis.spans();
        let breaks = spans.windows(2).map(|pair| round((pair[0].1 + pair[1].0) / 2.0)).collect();
        let kinds = KINDS.into_iter().filter(|kind| steps.iter().any(|step| step.kind == *kind)).collect();
        let bottom = y(lanes.len() - 1) + 18.0;
        let summary = summary(&steps, lanes.len(), axis.is_broken());
        let (width, height, ticks) = (WIDTH, bottom + 24.0, axis.ticks());
        Some(Self { width, height, bottom, lanes, links, ticks, breaks, kinds, left_out, summary })
    }
}

impl<'a> Step<'a> {
    fn of(row: &'a Value) -> Option<Self> {
        let kind = KINDS.into_iter().find(|kind| row["kind"] == *kind)?;
        let principal = row["principal"].as_str().unwrap_or("unknown");
        Some(Self { time: seconds(row["event_time"].as_str()?)?, kind, principal, row })
    }
}

impl Lane {
    /// Marks a step, together with the one before if that is of its kind and near. Returns where it stands.
    fn mark(&mut self, step: &Step, x: f64) -> f64 {
        let near = |mark: &&mut Mark| mark.kind == step.kind && x - mark.x < NEAR;
        if let Some(mark) = self.marks.iter_mut().rev().find(near) {
            mark.count += 1;
            return mark.x;
        }
        let text = |name: &str| step.row[name].as_str().unwrap_or_default();
        let time = text("event_time").replace('T', " ").replace('Z', " UTC");
        let what = format!("{time}: {} {} from {}", step.kind, text("event_name"), text("source_ip_address"));
        self.marks.push(Mark { kind: step.kind, x, y: self.y, count: 1, what: short(&what, 2 * NAME) });
        x
    }
}

impl Link {
    fn new(x1: f64, y1: f64, x2: f64, y2: f64) -> Self {
        let x = round((x1 + x2) / 2.0);
        // within a lane it is an arc over the line
        let y = if y1 == y2 { y1 - ((x2 - x1) / 3.0).clamp(8.0, 24.0) } else { y1 + (y2 - y1) * 0.2 };
        Self { x1, y1, x2, y2, x, y: round(y) }
    }
}

fn summary(steps: &[Step], lanes: usize, broken: bool) -> String {
    let count = |kind: &str, one| many(steps.iter().filter(|step| step.kind == kind).count() as i64, one);
    format!(
        "{}, {} and {} by {}, a lane each, from left to right in time.{}",
        count("query", "query"),
        count("launch", "launch"),
        count("attempt", "attempt"),
        many(lanes as i64, "principal"),
        if broken { " Where the axis is broken, a span in which nothing happened is left out." } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(time: &str, kind: &str, principal: &str, id: &str, query: Option<&str>) -> Value {
        json!({"event_time": format!("2026-10-06T{time}Z"), "kind": kind, "principal": principal, "event_id": id,
            "query_event_id": query, "event_name": "X", "source_ip_address": "192.0.2.1"})
    }

    #[test]
    fn each_principal_has_a_lane_and_links_lead_to_launches() {
        let rows = [
            step("02:00:00", "query", "bob", "q1", None),
            step("02:10:00", "launch", "bob", "l1", Some("q1")),
            step("02:20:00", "attempt", "eve", "l2", Some("q1")),
            step("02:30:00", "launch", "eve", "l3", None),
        ];
        let chart = Lanes::of(&rows).expect("a chart");
        let lanes: Vec<_> = chart.lanes.iter().map(|lane| (lane.name.as_str(), lane.marks.len())).collect();
        assert_eq!(lanes, [("bob", 2), ("eve", 2)]);
        assert_eq!(chart.links.len(), 2);
        assert!(chart.links[0].y < chart.links[0].y1, "an arc over the line");
        assert_eq!(chart.links[1].y2, chart.lanes[1].y);
        assert_eq!(chart.kinds, ["query", "launch", "attempt"]);
    }

    #[test]
    fn what_is_near_becomes_one_mark_and_the_rarest_are_left_out() {
        let mut rows = vec![step("02:00:00", "query", "bob", "q", None), step("02:00:01", "query", "bob", "r", None)];
        rows.push(step("03:00:00", "launch", "bob", "s", None));
        rows.extend((0..MOST).map(|number| step("02:30:00", "launch", &format!("p{number:02}"), "l", None)));
        let chart = Lanes::of(&rows).expect("a chart");
        assert_eq!(chart.lanes[0].marks.iter().map(|mark| mark.count).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((chart.lanes.len(), chart.left_out), (MOST, 1));
    }

    #[test]
    fn nothing_makes_no_chart() {
        assert!(Lanes::of(&[]).is_none());
        assert!(Lanes::of(&[json!({"kind": "query", "event_time": null})]).is_none());
    }
}
