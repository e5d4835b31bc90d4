//! The patterns of secrets that are known without configuration.

/// A kind of secret. What the groups of `regex` match is hidden.
///
/// So that masking twice is masking once, the mask's own `*` counts as a letter where a pattern wants
/// the beginning of a word.
pub struct Pattern {
    /// What it is for, for the documentation.
    pub about: &'static str,
    /// Programs behind whose name the pattern holds, as a regular expression; empty for all text.
    pub tool: &'static str,
    /// In the syntax of the crate `regex`.
    pub regex: &'static str,
    /// A line with such a secret.
    pub example: &'static str,
    /// What is shown of it.
    pub shown: &'static str,
}

/// A value: in double or single quotes, or up to a blank or a quote.
///
/// It takes too much rather than too little: `;` and `&` may be part of a password.
macro_rules! value {
    () => {
        r#"(?:"((?:[^"\\]|\\.)+)|'([^']+)|([^\s"']+))"#
    };
}

/// A value behind a blank, which is not the next option.
macro_rules! next_word {
    () => {
        r#"(?:"((?:[^"\\]|\\.)+)|'([^']+)|([^\s"'-][^\s"']*))"#
    };
}

/// A user, a sign, and a password, quoted or not.
macro_rules! user_and {
    ($sign:literal) => {
        concat!(
            r#"(?:"[^""#,
            $sign,
            r#"]*["#,
            $sign,
            r#"]([^"]+)"#,
            r#"|'[^'"#,
            $sign,
            r#"]*["#,
            $sign,
            r#"]([^']+)"#,
            r#"|[^\s"'"#,
            $sign,
            r#"]*["#,
            $sign,
            r#"]([^\s"']+))"#
        )
    };
}

/// The beginning of a word.
macro_rules! word {
    () => {
        r"(?:^|[^0-9A-Za-z_*])"
    };
}

/// How the names of secrets end: `db_password`, `GITHUB_TOKEN`, `dbpass`.
macro_rules! secret_name {
    () => {
        concat!(
            r"(?:password|passwd|passphrase|pass|pwd|secret|token|credentials?",
            r"|(?:api|access|secret|private|auth|account|encryption)[_-]?key)"
        )
    };
}

/// Short names of secrets, which are secrets only as whole words: `sig`, and not `design`.
macro_rules! short_name {
    () => {
        "(?:pw|sas|sig|signature)"
    };
}

/// The built-in patterns.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        about: "name=value and name: value; in the environment, options, URLs and JSON alike",
        tool: "",
        regex: concat!(
            "(?i)(?:",
            secret_name!(),
            "|(?:^|[^0-9A-Za-z*])",
            short_name!(),
            r#")\\?["']?\s?(?:=|:=|:)\s*"#,
            value!()
        ),
        example: r#"PGPASSWORD=x psql 'host=db password=y' --token="a b" -d '{"apiKey": "z"}'"#,
        shown: r#"PGPASSWORD=*** psql 'host=db password=***' --token="***" -d '{"apiKey": "***"}'"#,
    },
    Pattern {
        about: "options whose value is the next word: --password X, -pass X, --db-token X",
        tool: "",
        regex: concat!(
            r"(?i)(?:^|\s)(?:--[0-9a-z_-]*?",
            secret_name!(),
            r"|--?(?:[0-9a-z_-]*[_-])?(?:",
            secret_name!(),
            "|",
            short_name!(),
            r"))\s+",
            next_word!()
        ),
        example: "backup --password hunter2 --db-token 'a b' --host db",
        shown: "backup --password *** --db-token '***' --host db",
    },
    Pattern {
        about: "mysql's, mariadb's and 7z's -pPASSWORD",
        tool: "(?:mysql|mariadb|7z)",
        regex: concat!(r"\s-p", value!()),
        example: "/usr/bin/mysqldump -u etl -phunter2 sales",
        shown: "/usr/bin/mysqldump -u etl -p*** sales",
    },
    Pattern {
        about: "sshpass -p PASSWORD",
        tool: "",
        regex: concat!(word!(), r"sshpass\s+-p\s*", value!()),
        example: "sshpass -p hunter2 sftp -p etl@host",
        shown: "sshpass -p *** sftp -p etl@host",
    },
    Pattern {
        about: "curl's user:password",
        tool: "curl",
        regex: concat!(r"\s(?:-u|-U|--user|--proxy-user)[\s=]*", user_and!(":")),
        example: "curl -s -u etl:hunter2 https://host/file",
        shown: "curl -s -u etl:*** https://host/file",
    },
    Pattern {
        about: "lftp's user,password",
        tool: "lftp",
        regex: concat!(r"\s(?:-u|--user)[\s=]*", user_and!(",")),
        example: "lftp -u 'etl,hunter2' sftp://host",
        shown: "lftp -u 'etl,***' sftp://host",
    },
    Pattern {
        about: "Samba's user%password",
        tool: "(?:smbclient|smbget|rpcclient|net)",
        regex: concat!(r"\s(?:-U|--user)[\s=]*", user_and!("%")),
        example: "smbclient //host/share -U etl%hunter2",
        shown: "smbclient //host/share -U etl%***",
    },
    Pattern {
        about: "redis-cli -a PASSWORD",
        tool: "redis-cli",
        regex: concat!(r"\s-a\s*", value!()),
        example: "redis-cli -h cache -a hunter2 FLUSHALL",
        shown: "redis-cli -h cache -a *** FLUSHALL",
    },
    Pattern {
        about: "ldapsearch -w PASSWORD and its like",
        tool: "ldap[a-z]+",
        regex: concat!(r"\s-w\s*", value!()),
        example: "ldapsearch -D cn=etl -w hunter2 '(uid=x)'",
        shown: "ldapsearch -D cn=etl -w *** '(uid=x)'",
    },
    Pattern {
        about: "-P PASSWORD of sqlcmd, bcp, isql, tsql, zip and unzip",
        tool: "(?:sqlcmd|bcp|isql|tsql|zip|unzip)",
        regex: concat!(r"\s-P\s*", value!()),
        example: "bcp sales out x.csv -U etl -P hunter2",
        shown: "bcp sales out x.csv -U etl -P ***",
    },
    Pattern {
        about: "Oracle's user/password@database",
        tool: "",
        regex: concat!(
            word!(),
            r#"(?:sqlplus|sqlldr|expdp|impdp|exp|imp|rman)(?:\s+-[^\s"']+)*\s+(?:userid=|target\s+)?"#,
            r#"["']?[0-9A-Za-z_]+/([^\s"'@/]+)"#
        ),
        example: "sqlldr -s scott/tiger@orcl control=in/load.ctl",
        shown: "sqlldr -s scott/***@orcl control=in/load.ctl",
    },
    Pattern {
        about: "the password in a URL",
        tool: "",
        regex: r#"://[^\s"'/@:]*:([^\s"'/]+)@"#,
        example: "pg_dump postgresql://etl:p@ss@db:5432/sales",
        shown: "pg_dump postgresql://etl:***@db:5432/sales",
    },
    Pattern {
        about: "HTTP headers: Authorization, X-Api-Key, Private-Token, Cookie",
        tool: "",
        regex: concat!(
            "(?i)",
            word!(),
            r"(?:(?:proxy-)?authorization|x-[0-9a-z-]*(?:key|token|secret|auth)|cookie)\s*[:=]\s*",
            r#"(?:(?:basic|digest|token|negotiate|bearer)\s+)?([^\s"']+)"#
        ),
        example: "curl -H 'Authorization: Basic YTpi' -H \"X-Api-Key: k\" https://host",
        shown: "curl -H 'Authorization: Basic ***' -H \"X-Api-Key: ***\" https://host",
    },
    Pattern {
        about: "a bearer token anywhere",
        tool: "",
        regex: concat!("(?i)", word!(), r#"bearer\s+([^\s"']+)"#),
        example: "fetch --header bearer abc.def",
        shown: "fetch --header bearer ***",
    },
    Pattern {
        about: "keys known by their form: AWS, GitHub, GitLab, Slack, Google, Stripe, JSON web tokens",
        tool: "",
        regex: concat!(
            "((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{20,}|github_pat_[0-9A-Za-z_]{20,}",
            "|glpat-[0-9A-Za-z_-]{20,}|xox[abprs]-[0-9A-Za-z-]{10,}|AIza[0-9A-Za-z_-]{35}",
            r"|[rs]k_live_[0-9A-Za-z]{16,}|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*)"
        ),
        example: "deploy AKIAIOSFODNN7EXAMPLE",
        shown: "deploy ***",
    },
];
