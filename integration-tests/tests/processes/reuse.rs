//! A pid that is given out again between the listing and the kill.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use integration_tests::{NodeBuilder, eventually, is_root, peer, skip};
use serde_json::Value;

use crate::started::{PATIENCE, PROCESSES, kill, last_record, title};

/// A pid namespace of its own; all its processes end when this is dropped.
struct PidNamespace {
    holder: Child,
    init: u32,
}

impl PidNamespace {
    /// None, with the reason printed, where this machine does not allow it.
    fn new() -> Option<Self> {
        if !is_root() || !peer("unshare") || !peer("nsenter") {
            return None;
        }
        // The first process waits for all that lose their parents, so that their pids are free.
        let mut holder = Command::new("unshare")
            .args(["--fork", "--pid", "--mount-proc", "--kill-child"])
            .args(["sh", "-c", "while :; do sleep 0.05; done"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", holder.id());
        let init = eventually("a pid namespace", Duration::from_secs(10), || {
            if holder.try_wait().unwrap().is_some() {
                return Some(None);
            }
            let text = std::fs::read_to_string(&children).ok()?;
            let init: u32 = text.trim().parse().ok()?;
            let comm = std::fs::read_to_string(format!("/proc/{init}/comm")).ok()?;
            (comm == "sh\n").then_some(Some(init))
        });
        if init.is_none() {
            skip("unshare --pid is refused");
        }
        Some(Self {
            holder,
            init: init?,
        })
    }

    fn wrapper(&self) -> Vec<String> {
        let target = format!("--target={}", self.init);
        ["nsenter", &target, "--pid", "--mount"]
            .map(str::to_owned)
            .to_vec()
    }

    /// Runs a script inside; what it prints.
    fn run(&self, script: &str, arguments: &[&str]) -> String {
        let wrapper = self.wrapper();
        let output = Command::new(&wrapper[0])
            .args(&wrapper[1..])
            .args(["sh", "-c", script, "sh"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts a program that nobody here is the parent of; its pid inside.
    fn start(&self, program: &Path) -> String {
        let script = "\"$1\" 600 >/dev/null 2>&1 & echo $!";
        self.run(script, &[program.to_str().unwrap()])
    }

    /// Ends a process and waits until its pid is free.
    fn end(&self, pid: &str) {
        self.run(
            "kill -9 $1; while [ -e /proc/$1 ]; do sleep 0.01; done",
            &[pid],
        );
    }

    /// Starts a program with this pid, however often that must be tried.
    fn start_as(&self, program: &Path, pid: &str) {
        let script = "while :; do echo $(($2 - 1)) > /proc/sys/kernel/ns_last_pid; \
             \"$1\" 600 >/dev/null 2>&1 & [ $! = $2 ] && exit; kill -9 $!; done";
        self.run(script, &[program.to_str().unwrap(), pid]);
    }
}

impl Drop for PidNamespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[test]
fn a_pid_that_was_given_out_again_hits_nobody() {
    let Some(namespace) = PidNamespace::new() else {
        return;
    };
    let (folder, title) = (tempfile::tempdir().unwrap(), title("reused"));
    let program = folder.path().join(&title);
    std::fs::copy("/bin/sleep", &program).unwrap();
    let (victim, gone) = (namespace.start(&program), namespace.start(&program));
    let config = format!(
        "refresh: {{ process: 24h }}\nprocess: {{ top_n: 0 }}\n\
         process_watch: [{{ name: job, match: {title} }}]"
    );
    let node = NodeBuilder::new(folder.path())
        .config(&config)
        .wrapper(&namespace.wrapper())
        .start();
    // It looks twice when it begins, and then not for a day.
    let rows = eventually("the last look", PATIENCE, || {
        let rows = node.list(PROCESSES);
        let has_cpu = rows.iter().all(|row| row["cpu_percent"].is_number());
        (has_cpu && rows.len() == 2).then_some(rows)
    });
    let seen = |pid: &str| {
        rows.iter()
            .find(|row| row["pid"] == pid.parse::<u32>().unwrap())
            .unwrap()
    };
    namespace.end(&gone);
    let answer = |row: &Value| {
        let (status, answer) = kill(&node, row, "SIGKILL");
        (
            status,
            answer["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(answer(seen(&gone)), (404, "no_such_process".to_owned()));
    namespace.end(&victim);
    namespace.start_as(&program, &victim);
    let listed = node.list(PROCESSES);
    assert_eq!(listed, rows, "the node has not looked again");
    assert_eq!(answer(seen(&victim)), (409, "identity_changed".to_owned()));
    assert_eq!(last_record(&node).2, "identity_changed");
    let state = namespace.run("cut -d ' ' -f 3 /proc/$1/stat", &[&victim]);
    assert_eq!(state, "S", "the bystander sleeps on");
}
