//! What a benchmark is asked to measure.

/// Whether the arguments of the benchmark name this part of it, or none at all.
pub fn is_wanted(part: &str) -> bool {
    let words = std::env::args().skip(1);
    let mut named = words.filter(|word| !word.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|word| word == part)
}
