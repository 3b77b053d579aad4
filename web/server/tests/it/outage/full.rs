//! F7: no room is left for the database's file, by a limit of the process or by a full disk.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use commerce_store::{Store, StoreConfig, sql};
use tempfile::TempDir;

use super::{Answer, Said, Trial, told};
use crate::{database, souk::Souk};

const BUYERS: usize = 3;
const ROUNDS: usize = 20;
/// More orders than any room that is left over could take.
const RUSHES_MAX: usize = 50;
/// Room for a new database, its log of up to 16 MiB and some orders.
const DISK_MIB: u32 = 28;

/// A program that sets something up and becomes souk.
fn wrapper(folder: &Path, first: &str) -> PathBuf {
    let path = folder.join("souk.sh");
    let souk = env!("CARGO_BIN_EXE_souk");
    fs::write(
        &path,
        format!("#!/bin/sh\nSOUK={souk}; export SOUK\n{first}\n"),
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// Neither an order nor the request to come back.
fn wrong(answers: &[Answer]) -> Vec<&Answer> {
    let is_wrong = |answer: &&Answer| answer.order().is_none() && !answer.is_come_back();
    answers.iter().filter(is_wrong).collect()
}

fn refused(answers: &[Answer]) -> usize {
    answers.iter().filter(|one| one.order().is_none()).count()
}

/// Fills, asks, makes room, asks again: what was promised is there, what was refused is not.
async fn fills_up(trial: &Trial, fill: impl FnOnce(), free: impl FnOnce()) {
    let before = trial.rush("before", 3).await;
    assert!(
        refused(&before) < before.len(),
        "the control: there is room"
    );
    fill();
    // The log may have room of its own for some orders.
    let mut full = Vec::new();
    for rush in 0..RUSHES_MAX {
        full.extend(trial.rush(&format!("full-{rush}"), ROUNDS).await);
        if refused(&full) > 0 {
            break;
        }
    }
    assert!(wrong(&full).is_empty(), "{:?}", wrong(&full));
    assert!(refused(&full) > 0, "it never was full");
    let page = trial.seller.get("/api/products").await;
    assert!(page["data"].is_array(), "reading goes on");
    let before: Vec<Answer> = before.into_iter().chain(full).collect();
    free();
    let mut told = told(&before);
    for answer in before.iter().filter(|one| one.order().is_none()) {
        let order = trial.buy_in_the_end(answer.buyer, &answer.key).await;
        told.insert((answer.buyer, answer.key.clone()), order);
    }
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
    println!(
        "F7: full, {} of {} were told to come back, and did",
        refused(&before),
        before.len()
    );
    // The control of the audit: an order that nobody has is missed.
    told.insert((0, "none".to_owned()), "ord_none".to_owned());
    assert_eq!(trial.audit(&told).await.len(), 1);
    assert!(
        before
            .iter()
            .any(|one| matches!(one.said, Said::Made { .. }))
    );
}

fn is_skipped() -> bool {
    let skipped = database::is_mariadb();
    if skipped {
        println!("skipped: about the file of an embedded database");
    }
    skipped
}

/// Everything that the process writes to a file fails, its log as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_file_that_may_not_grow_is_said_and_nothing_is_lost() {
    if is_skipped() {
        return;
    }
    let data = TempDir::new().unwrap();
    let folder = data.path().join("data");
    // A signal that is ignored stays ignored; by default this one ends the process.
    let souk = wrapper(data.path(), "trap '' XFSZ; exec \"$SOUK\" \"$@\"");
    let flags = ["--no-broadcast", "--data-dir", folder.to_str().unwrap()];
    let trial = Trial::new(Souk::start(&souk, &flags), BUYERS, None).await;
    let pid = trial.souk.pid().to_string();
    let limit = |soft: &str| {
        let limited = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={soft}:")])
            .status();
        assert!(limited.unwrap().success());
    };
    fills_up(&trial, || limit("1"), || limit("unlimited")).await;
    let log = trial.souk.terminate();
    assert!(!log.contains("panicked"), "{log}");
    let store = Store::open(&StoreConfig::at(folder.join("souk.db"))).await;
    let sound: String = sql::query("PRAGMA integrity_check")
        .fetch_value(store.unwrap().reader())
        .await
        .unwrap();
    assert_eq!(sound, "ok");
}

/// The disk itself is full: a small one in memory, where the system lets us have one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_full_disk_is_said_and_nothing_is_lost() {
    if is_skipped() {
        return;
    }
    let data = TempDir::new().unwrap();
    let disk = data.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = format!("mount -t tmpfs -o size={DISK_MIB}m none {}", disk.display());
    let tried = Command::new("unshare")
        .args(["-rm", "sh", "-c", &mount])
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        println!("skipped: no disk of our own to be had here");
        return;
    }
    // The disk is seen by this process alone, and goes with it.
    let own = format!("exec unshare -rm sh -c '{mount} && exec \"$SOUK\" \"$@\"' souk \"$@\"");
    let souk = wrapper(data.path(), &own);
    let folder = disk.join("data");
    let flags = ["--no-broadcast", "--data-dir", folder.to_str().unwrap()];
    let trial = Trial::new(Souk::start(&souk, &flags), BUYERS, None).await;
    let process = Path::new("/proc").join(trial.souk.pid().to_string());
    let seen = process.join("root").join(disk.strip_prefix("/").unwrap());
    let filler = seen.join("filler");
    let fill = || {
        // It ends where the disk does.
        let _ = fs::write(&filler, vec![1; DISK_MIB as usize * 1024 * 1024]);
    };
    fills_up(&trial, fill, || fs::remove_file(&filler).unwrap()).await;
}
