//! The other verbs, as an operator uses them.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// Runs a verb with arguments, environment and standard input.
fn souk(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
    for (name, _) in std::env::vars() {
        if name.starts_with("SOUK_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).envs(environment.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A verb that reads nothing may end before this is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn check_config_names_the_key_of_a_mistake() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("souk.toml");
    std::fs::write(&file, "[media]\nudp_port = 9000\n").unwrap();
    let file = file.to_str().unwrap();
    let good = souk(&["check-config", "--config", file], &[], "");
    assert!(
        good.status.success() && said(&good).contains("9000"),
        "{}",
        said(&good)
    );
    for (environment, key) in [
        (("SOUK_MEDIA__UDP_PORT", "many"), "udp_port"),
        (("SOUK_HTTP__BND", "x"), "bnd"),
        (("SOUK_SHOP__HOLD_SECONDS", "0"), "shop.hold_seconds"),
    ] {
        let bad = souk(&["check-config", "--config", file], &[environment], "");
        assert!(!bad.status.success(), "{environment:?} was taken");
        assert!(said(&bad).to_lowercase().contains(key), "{}", said(&bad));
    }
}

#[test]
fn an_admin_is_made_once_and_its_password_is_judged() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    assert!(
        souk(&["migrate", "--data-dir", data], &[], "")
            .status
            .success()
    );
    let make = |password: &str| {
        souk(
            &[
                "create-admin",
                "--data-dir",
                data,
                "--email",
                "boss@souk.example",
            ],
            &[],
            password,
        )
    };
    assert!(!make("").status.success());
    assert!(!make("short\n").status.success());
    let made = make("a long pass phrase\n");
    assert!(made.status.success(), "{}", said(&made));
    assert!(!said(&made).contains("a long pass phrase"));
    assert!(
        !make("a long pass phrase\n").status.success(),
        "the same e-mail twice"
    );
}

#[test]
fn a_database_has_one_server() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let flags = ["--no-broadcast", "--data-dir", data.to_str().unwrap()];
    let running = crate::souk::Souk::demo(&flags);
    let second = souk(&["migrate", "--data-dir", data.to_str().unwrap()], &[], "");
    assert!(!second.status.success(), "{}", said(&second));
    drop(running);
}
