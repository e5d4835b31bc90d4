//! Which processes are watched.

use super::identity::Pid;
use crate::config::ProcessRule;

/// A rule and how many processes it matches. One that matches none is there too, so that a
/// misspelt rule is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCount {
    /// The rule's name; `pid 1234` of a rule that names a pid.
    pub name: String,
    /// Processes that it matches, also those that an earlier rule matches.
    pub processes: usize,
}

/// The rules, in the order in which they are configured.
pub struct Rules {
    rules: Vec<ProcessRule>,
    search_text: bool,
}

impl Rules {
    /// Takes them from the configuration.
    pub fn new(rules: Vec<ProcessRule>) -> Self {
        let is_match = |rule: &ProcessRule| matches!(rule, ProcessRule::Match { .. });
        Self {
            search_text: rules.iter().any(is_match),
            rules,
        }
    }

    /// Whether a command line matters to any.
    pub fn search_text(&self) -> bool {
        self.search_text
    }

    /// The indices of the rules that match.
    pub fn matching(&self, pid: Pid, comm: &str, command_line: &str) -> Vec<usize> {
        let matches = |rule: &ProcessRule| match rule {
            ProcessRule::Match { pattern, .. } => {
                pattern.regex().is_match(comm) || pattern.regex().is_match(command_line)
            }
            ProcessRule::Pid { pid: wanted } => *wanted == pid.get(),
        };
        let rules = self.rules.iter().enumerate();
        rules
            .filter_map(|(index, rule)| matches(rule).then_some(index))
            .collect()
    }

    /// The name of the rule with this index.
    pub fn name(&self, index: usize) -> Option<String> {
        self.rules.get(index).map(name)
    }

    /// Whether there is one of this name.
    pub fn has(&self, wanted: &str) -> bool {
        self.rules.iter().any(|rule| name(rule) == wanted)
    }

    /// Counts how often each index occurs.
    pub fn count(&self, matched: &[usize]) -> Vec<RuleCount> {
        let count = |(index, rule)| RuleCount {
            name: name(rule),
            processes: matched.iter().filter(|&&found| found == index).count(),
        };
        self.rules.iter().enumerate().map(count).collect()
    }
}

fn name(rule: &ProcessRule) -> String {
    match rule {
        ProcessRule::Match { name, .. } => name.clone(),
        ProcessRule::Pid { pid } => format!("pid {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pattern;

    fn rule(name: &str, pattern: &str) -> ProcessRule {
        ProcessRule::Match {
            name: name.to_owned(),
            pattern: Pattern::new(pattern).unwrap(),
        }
    }

    fn pid(pid: u32) -> Pid {
        Pid::new(pid).unwrap()
    }

    #[test]
    fn the_whole_command_line_finds_what_fifteen_letters_hide() {
        let rules = Rules::new(vec![rule("loader", r"com\.example\.Loader\b")]);
        let line = "/usr/bin/java -Xmx2g -cp /opt/etl/* com.example.Loader --day today";
        assert_eq!(rules.matching(pid(9), "java", line), [0]);
        assert!(
            rules
                .matching(pid(9), "java", "java com.example.Loaders")
                .is_empty()
        );
    }

    #[test]
    fn the_name_alone_is_enough() {
        let rules = Rules::new(vec![rule("writeback", "^kworker/.*writeback$")]);
        assert_eq!(rules.matching(pid(9), "kworker/u8:1-writeback", ""), [0]);
    }

    #[test]
    fn all_rules_that_match_are_told_in_their_order() {
        let rules = Rules::new(vec![
            rule("a", "x"),
            ProcessRule::Pid { pid: 9 },
            rule("b", "y"),
            rule("c", "x$"),
        ]);
        assert_eq!(rules.matching(pid(9), "x", ""), [0, 1, 3]);
        assert!(rules.matching(pid(8), "z", "").is_empty());
    }

    #[test]
    fn a_rule_that_matches_nothing_is_counted_as_none() {
        let rules = Rules::new(vec![rule("a", "x"), ProcessRule::Pid { pid: 9 }]);
        let counts = rules.count(&[0, 0]);
        let counts: Vec<_> = counts
            .iter()
            .map(|count| (count.name.as_str(), count.processes))
            .collect();
        assert_eq!(counts, [("a", 2), ("pid 9", 0)]);
    }
}
