//! scenario: scenarios/*.toml -> server, rules, expectations.
