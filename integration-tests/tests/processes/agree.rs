//! The figures against those of `ps` and `top`.

use std::process::Command;
use std::time::Duration;

use integration_tests::{Node, eventually, peer};
use serde_json::Value;

use crate::started::{PATIENCE, Started, await_process, find, node, title};

/// Says to a test that it is to burn on so many threads.
const BURN: &str = "ETLMON_TEST_BURN";

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn resident_memory_is_that_of_ps() {
    if !peer("ps") {
        return;
    }
    let (folder, title) = (tempfile::tempdir().unwrap(), title("rss"));
    let job = Started::sleeping(&title);
    let node = node(folder.path(), &title);
    await_process(&node, job.pid(), |row| row["state"] == "S");
    eventually("the memory to be that of ps", PATIENCE, || {
        let row = find(&node, job.pid())?;
        let of_ps = output("ps", &["-o", "rss=", "-p", &job.pid().to_string()]);
        let of_ps: u64 = of_ps.trim().parse().unwrap();
        (of_ps > 0 && row["mem_rss_bytes"] == of_ps * 1024).then_some(())
    });
}

/// Not a test of its own: what burns for the one below.
#[test]
fn burner() {
    let Ok(threads) = std::env::var(BURN) else {
        return;
    };
    let threads: u32 = threads.parse().unwrap();
    // Where it may, it is not pushed aside by what else the machine does: top looks a little later
    // than the node.
    let _ = rustix::process::nice(-10);
    let burn = || while std::hint::black_box(true) {};
    // All begin before the first is waited for.
    let threads: Vec<_> = (0..threads).map(|_| std::thread::spawn(burn)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn burning(threads: &str, title: &str) -> Started {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .arg0(title)
        .args(["--exact", "agree::burner"])
        .env(BURN, threads);
    Started::new(&mut command)
}

/// Waits for the next look; its figure of a process.
fn next_look(node: &Node, pid: u32, before: &Value) -> Value {
    await_process(node, pid, |row| {
        row["collected_at"] != before["collected_at"]
    })
}

/// What `top` says of these processes over so many seconds.
fn top(pids: &str, seconds: &str) -> Vec<(u32, f64)> {
    let told = output("top", &["-b", "-n", "2", "-d", seconds, "-p", pids]);
    let last = told.rsplit("COMMAND").next().unwrap();
    let figure = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        Some((fields.first()?.parse().ok()?, fields.get(8)?.parse().ok()?))
    };
    last.lines().filter_map(figure).collect()
}

#[test]
fn the_cpu_is_that_of_top() {
    if !peer("top") {
        return;
    }
    let (folder, title) = (tempfile::tempdir().unwrap(), title("cpu"));
    let burners = [burning("1", &title), burning("2", &title)];
    let config = format!(
        "refresh: {{ process: 5s }}\nprocess: {{ top_n: 0 }}\n\
         process_watch: [{{ name: job, match: {title} }}]"
    );
    let node = integration_tests::NodeBuilder::new(folder.path())
        .config(&config)
        .start();
    let pids = burners.each_ref().map(Started::pid);
    let first = await_process(&node, pids[0], |row| row["cpu_percent"].is_number());
    let both = format!("{},{}", pids[0], pids[1]);
    // On a machine that does much else the two look at slightly different times.
    let (mut seen, patience) = (first, 10 * Duration::from_secs(12));
    eventually("the two to agree within 2 points", patience, || {
        seen = next_look(&node, pids[0], &seen);
        let of_top = top(&both, "5");
        let now = next_look(&node, pids[0], &seen);
        let ours = [now, find(&node, pids[1]).unwrap()];
        let [one, two] = ours.each_ref().map(|row| row["threads"].as_u64());
        assert_eq!(two, one.map(|one| one + 1), "{ours:?}");
        let agree = ours.iter().all(|row| {
            let own = row["cpu_percent"].as_f64().unwrap();
            let top = of_top.iter().find(|(pid, _)| row["pid"] == *pid).unwrap().1;
            println!("{} {own:.1} top {top:.1}", row["threads"]);
            (own - top).abs() <= 2.0 && own > 5.0
        });
        agree.then_some(())
    });
}
