//! The followed logs: their lines, stored once and found again.

pub mod blocks;
pub mod lines;
pub mod missed;
pub mod page;
pub mod pattern;
#[expect(dead_code, reason = "served once the kind is registered")]
mod routes;
pub mod trigrams;

#[cfg(test)]
mod tests;
