//! Where cronie reads otherwise than Debian's cron.

use super::*;

#[test]
fn cron_tz_is_plain_environment_for_debian_and_obeyed_by_cronie() {
    let text = "0 1 * * * a\nCRON_TZ = Asia/Seoul\n0 1 * * * b\nCRON_TZ=\"\"\n0 1 * * * c\n";
    let zones = |crontab: Crontab| {
        let zones = crontab.jobs.into_iter().map(|job| job.time_zone);
        zones.collect::<Vec<_>>()
    };
    assert_eq!(zones(debian(text)), [None, None, None]);
    assert_eq!(
        zones(cronie(text, USER)),
        [None, Some("Asia/Seoul".into()), None]
    );
}

#[test]
fn cronie_skips_only_the_bad_line() {
    let text =
        "bad\n* * * * * a\n5/15 * * * * b\n@daily\n* * * * *\n22-2 * * * * c\n*x * * * * d\n";
    let crontab = cronie(text, USER);
    assert_eq!(commands(&crontab), ["a"]);
    let lines: Vec<_> = crontab
        .bad_lines
        .iter()
        .map(|bad| bad.line_number)
        .collect();
    assert_eq!(lines, [1, 3, 4, 5, 6, 7]);
    let system = cronie(
        "* * * * * root\n* * * * * etl e\n* * * * * ghost f\n",
        Owner::System,
    );
    assert_eq!(commands(&system), ["e"]);
    // the line without a newline is lost
    assert_eq!(commands(&cronie("* * * * * a\n* * * * * b", USER)), ["a"]);
}

#[test]
fn a_bad_range_at_the_end_of_a_line_costs_cronie_the_next_line_too() {
    let crontab = cronie("5-3\n* * * * * lost\n* * * * * a\n", USER);
    assert_eq!(commands(&crontab), ["a"]);
}

#[test]
fn cronie_lets_only_root_switch_off_logging() {
    let quiet = |owner| {
        let crontab = cronie("-*/5 * * * * a\n", owner);
        let quiet: Vec<_> = crontab
            .jobs
            .iter()
            .map(|job| (job.schedule.clone(), job.quiet))
            .collect();
        (
            quiet,
            crontab
                .bad_lines
                .into_iter()
                .map(|bad| bad.fault)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        quiet(Owner::User { root: true }),
        (vec![("*/5 * * * *".into(), true)], vec![])
    );
    assert_eq!(quiet(USER), (vec![], vec![Fault::Option]));
    assert_eq!(debian("-* * * * * a\n").jobs, []);
}

#[test]
fn a_time_that_cronie_chooses_is_known_to_nobody() {
    for line in ["~ 3 * * * a\n", "0~29 3 * * * a\n", "5~ ~8 * * mon~fri a\n"] {
        let crontab = cronie(line, USER);
        assert!(
            matches!(crontab.jobs.as_slice(), [job] if job.when == When::Random),
            "{line}: {crontab:?}"
        );
    }
    let delayed = "RANDOM_DELAY=45\n0 3 * * * a\n@reboot b\nRANDOM_DELAY=0\n0 3 * * * c\n";
    let whens = |crontab: Crontab| crontab.jobs.into_iter().map(|job| job.when == When::Random);
    let random = |crontab| whens(crontab).collect::<Vec<_>>();
    assert_eq!(random(cronie(delayed, USER)), [true, false, false]);
    assert_eq!(random(debian(delayed)), [false, false, false]);
    // Debian's cron knows no `~`, and passes over what stands behind a number
    assert_eq!(debian("~ 3 * * * a\n").jobs, []);
    assert_eq!(
        debian("5~9 3 * * * a\n").jobs[0].when,
        debian("5 3 * * * a\n").jobs[0].when
    );
    assert_eq!(cronie("30~10 3 * * * a\n", USER).jobs, []);
}
