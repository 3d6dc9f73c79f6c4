//! A time axis that leaves out the long spans in which nothing happened.

use serde::Serialize;

use super::columns::round;
use super::scale::{moment, moments};

/// Pieces of time beside each other, with a break between.
pub struct Axis {
    pieces: Vec<Piece>,
}

struct Piece {
    from: i64,
    to: i64,
    left: f64,
    right: f64,
}

/// A moment written under the axis.
#[derive(Debug, Serialize, PartialEq)]
pub struct Tick {
    pub x: f64,
    pub text: String,
    /// Whether a piece begins here.
    pub begins: bool,
}

/// More would be a row of fragments.
const BREAKS: usize = 4;
/// A shorter span is no reason to break the axis.
const SHORTEST: i64 = 1_800;
/// Room for a piece of no length, and for the moment it begins.
const LEAST: f64 = 84.0;
const BREAK: f64 = 26.0;

impl Axis {
    /// An axis from `left` to `right` that shows `times`, which are in order; none if there are none.
    pub fn of(times: &[i64], left: f64, right: f64) -> Option<Self> {
        let (&first, &last) = (times.first()?, times.last()?);
        let mut rest = last - first;
        let mut gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0], pair[1])).collect();
        gaps.sort_unstable_by_key(|&(gap, end)| (-gap, end));
        let mut begins = vec![first];
        for (gap, end) in gaps.into_iter().take(BREAKS) {
            // it would take a fourth of what is shown
            if gap < SHORTEST || gap * 4 < rest {
                break;
            }
            rest -= gap;
            begins.push(end);
        }
        begins.sort_unstable();
        let ends: Vec<_> = (1..=begins.len())
            .map(|next| {
                begins.get(next).map_or(last, |&begin| {
                    *times[..times.partition_point(|&time| time < begin)].last().unwrap_or(&first)
                })
            })
            .collect();
        let count = begins.len() as f64;
        let room = right - left - BREAK * (count - 1.0) - LEAST * count;
        let mut pieces: Vec<Piece> = Vec::new();
        for (&from, to) in begins.iter().zip(ends) {
            let share = if rest > 0 { (to - from) as f64 / rest as f64 } else { 1.0 / count };
            let left = pieces.last().map_or(left, |piece| piece.right + BREAK);
            pieces.push(Piece { from, to, left, right: left + LEAST + room * share });
        }
        Some(Self { pieces })
    }

    pub fn is_broken(&self) -> bool {
        self.pieces.len() > 1
    }

    /// Left and right of each piece.
    pub fn spans(&self) -> Vec<(f64, f64)> {
        self.pieces.iter().map(|piece| (round(piece.left), round(piece.right))).collect()
    }

    pub fn place(&self, time: i64) -> f64 {
        let within = |piece: &&Piece| time <= piece.to;
        let Some(piece) = self.pieces.iter().find(within).or(self.pieces.last()) else { return 0.0 };
        // marks at the ends stand clear of them
        let (left, right) = (piece.left + 10.0, piece.right - 10.0);
        let share = match piece.to - piece.from {
            0 => 0.0,
            length => ((time - piece.from) as f64 / length as f64).clamp(0.0, 1.0),
        };
        round(left + (right - left) * share)
    }

    /// Where each piece begins, and round moments in between as far as there is room.
    pub fn ticks(&self) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for piece in &self.pieces {
            let begin = self.place(piece.from);
            ticks.push(Tick { x: begin, text: format!("{} UTC", moment(piece.from, 60)), begins: true });
            let (times, step) = moments(piece.from, piece.to, ((piece.right - piece.left) / 90.0) as i64);
            let inner =
                times.into_iter().map(|time| Tick { x: self.place(time), text: moment(time, step), begins: false });
            ticks.extend(inner.filter(|tick| tick.x > begin + LEAST && tick.x < piece.right - 30.0));
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_spans_are_left_out() {
        let axis = Axis::of(&[0, 600, 1_200, 90_000, 90_600], 0.0, 500.0).expect("an axis");
        assert_eq!(axis.spans().len(), 2);
        assert!(axis.place(1_200) < axis.place(90_000));
        assert!(axis.place(90_000) - axis.place(1_200) < 60.0);
        assert!(axis.place(600) - axis.place(0) > 60.0);
        let begins: Vec<_> = axis.ticks().into_iter().filter(|tick| tick.begins).map(|tick| tick.text).collect();
        assert_eq!(begins, ["1 Jan 00:00 UTC", "2 Jan 01:00 UTC"]);
    }

    #[test]
    fn an_even_span_is_whole() {
        let axis = Axis::of(&(0..20).map(|hour| hour * 3_600).collect::<Vec<_>>(), 0.0, 500.0).expect("an axis");
        assert!(!axis.is_broken());
        assert_eq!((axis.place(0), axis.place(19 * 3_600)), (10.0, 490.0));
    }

    #[test]
    fn one_moment_is_enough() {
        let axis = Axis::of(&[7, 7], 0.0, 500.0).expect("an axis");
        assert_eq!((axis.place(7), axis.ticks().len()), (10.0, 1));
        assert!(Axis::of(&[], 0.0, 500.0).is_none());
    }
}
