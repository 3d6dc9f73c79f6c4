//! The interactive prompt: what can be typed at it, and what is shown while one types.

pub mod commands;
pub mod nearest;
