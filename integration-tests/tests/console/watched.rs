//! A node with something of everything, and a process of its own to watch.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use integration_tests::log::app_log;
use integration_tests::{Node, NodeBuilder};

/// Paths of the node beside `data`, called `p00`, `p01`, …
const PATHS: usize = 40;

/// A process that sleeps, called `etl-loader-…`; it is ended when this is dropped.
pub struct Job(pub Child);

impl Job {
    /// Starts it in the folder of a test, after which it is called.
    pub fn start(folder: &Path) -> Self {
        // Tests that run in the background of a shell inherit that SIGINT is ignored.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "bash", "-c"]);
        command.args([r#"exec -a "$0" sleep 600"#, &Self::title(folder)]);
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// What only this one is called.
    pub fn title(folder: &Path) -> String {
        let name = folder.file_name().unwrap().to_string_lossy();
        format!("etl-loader-{}", name.trim_start_matches('.'))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }
}

/// The configuration of such a node, and its log, which is not there yet.
pub fn config(folder: &Path) -> (String, PathBuf) {
    let (log, mut config) = app_log(folder, "app.log", "from_beginning: true");
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("big\u{1b}[31mname")).unwrap();
    std::fs::create_dir_all(data.join("운영")).unwrap();
    write!(
        config,
        "\nrefresh: {{ process: 1s }}\n\
         process_watch: [{{ name: job, match: {} }}]\n\
         paths:\n  - {{ path: {}, measure_sizes: true }}\n",
        Job::title(folder),
        data.display()
    )
    .unwrap();
    for number in 0..PATHS {
        let path = folder.join(format!("p{number:02}"));
        std::fs::create_dir_all(&path).unwrap();
        writeln!(config, "  - {{ path: {} }}", path.display()).unwrap();
    }
    (config, log)
}

/// Starts it; the log is not there yet.
pub fn node(folder: &Path) -> (Node, PathBuf) {
    let (config, log) = config(folder);
    (NodeBuilder::new(folder).config(&config).start(), log)
}
