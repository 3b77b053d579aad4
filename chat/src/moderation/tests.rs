//! Tables of what may be said, and how often.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use signaling_wire::{Code, Problem, UserId};

use super::{Judgement, Moderator, Refusal, clean};
use crate::limits::{RECENT_KEYS, SPEAKERS_MAX};

fn user(n: u128) -> UserId {
    UserId::from_parts(1, n)
}

fn say(text: &str) -> Result<Judgement, Refusal> {
    Ok(Judgement::Say(text.to_owned()))
}

#[test]
fn bodies_become_one_line_of_visible_text() {
    let long = "가".repeat(300);
    let marks = format!("a{}", "\u{301}".repeat(200));
    let cases: &[(&str, Result<&str, Refusal>)] = &[
        ("hello", Ok("hello")),
        ("  안녕하세요   여러분 ", Ok("안녕하세요 여러분")),
        ("a\nb\r\n\tc\u{2028}d\u{a0}e", Ok("a b c d e")),
        ("a\u{0}b\u{7}\u{1b}[31mc", Ok("a b [31mc")),
        (
            "<b>x</b> <img onerror=1> </script>",
            Ok("<b>x</b> <img onerror=1> </script>"),
        ),
        ("javascript:alert(1)", Ok("javascript:alert(1)")),
        // Direction overrides and marks are left out, the text in that direction stays.
        ("\u{202e}txt.exe\u{202c}", Ok("txt.exe")),
        ("\u{2066}a\u{2069}\u{200f}b\u{61c}", Ok("ab")),
        ("שלום", Ok("שלום")),
        ("z\u{200b}e\u{feff}r\u{2060}o", Ok("zero")),
        ("soft\u{ad}hyphen", Ok("softhyphen")),
        ("tag\u{e0041}\u{e007f}", Ok("tag")),
        // Emoji keep their joiners and selectors.
        (
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇰🇷",
            Ok("👩\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇰🇷"),
        ),
        (&marks, Ok("a\u{301}\u{301}\u{301}\u{301}")),
        (&long, Ok(&long)),
        ("", Err(Refusal::Empty)),
        (" \n\t ", Err(Refusal::Empty)),
        ("\u{200b}\u{202e}\u{feff}", Err(Refusal::Empty)),
        ("\u{200d}\u{fe0f}", Err(Refusal::Empty)),
        ("\u{301}", Err(Refusal::Empty)),
        ("\u{3164}\u{115f}", Err(Refusal::Empty)),
    ];
    for (body, wanted) in cases {
        let found = clean(body);
        assert_eq!(
            found.as_deref().map_err(|refusal| *refusal),
            *wanted,
            "{body:?}"
        );
    }
    assert_eq!(clean(&format!("{long}a")), Err(Refusal::TooLong));
    // What is left out does not count.
    assert_eq!(
        clean(&format!("{}{long}", "\u{200b}".repeat(900))).unwrap(),
        long
    );
}

#[test]
fn cleaning_twice_changes_nothing() {
    for body in [
        "a\u{202e} b",
        " x  y ",
        "é\u{301}\u{301}\u{301}\u{301}\u{301}",
    ] {
        let once = clean(body).unwrap();
        assert_eq!(clean(&once).unwrap(), once);
    }
}

#[test]
fn keys_are_visible_ascii() {
    let (mut room, now) = (Moderator::default(), Instant::now());
    let long = "k".repeat(256);
    for key in ["", " ", "a b", "키", "a\n", &long] {
        assert_eq!(
            room.judge(user(1), key, "hi", now),
            Err(Refusal::Key),
            "{key:?}"
        );
    }
    assert_eq!(room.judge(user(1), &long[..255], "hi", now), say("hi"));
}

#[test]
fn five_messages_in_ten_seconds_and_then_a_wait() {
    let (mut room, start) = (Moderator::default(), Instant::now());
    for n in 0..5_u64 {
        let now = start + Duration::from_secs(n);
        assert_eq!(room.judge(user(1), &format!("k{n}"), "hi", now), say("hi"));
    }
    let fast = |wait| Err(Refusal::TooFast { wait });
    assert_eq!(
        room.judge(user(1), "x", "hi", start + Duration::from_secs(4)),
        fast(6)
    );
    assert_eq!(
        room.judge(user(1), "x", "hi", start + Duration::from_millis(9_999)),
        fast(1)
    );
    assert_eq!(
        room.judge(user(2), "x", "hi", start),
        say("hi"),
        "others may speak"
    );
    assert_eq!(
        room.judge(user(1), "x", "hi", start + Duration::from_secs(10)),
        say("hi")
    );
    assert_eq!(
        room.judge(user(1), "y", "hi", start + Duration::from_secs(10)),
        fast(1)
    );
}

#[test]
fn a_key_is_said_once_and_repeats_cost_nothing() {
    let (mut room, now) = (Moderator::default(), Instant::now());
    assert_eq!(room.judge(user(1), "k", "hi", now), say("hi"));
    for _ in 0..20 {
        assert_eq!(room.judge(user(1), "k", "hi", now), Ok(Judgement::Repeat));
    }
    assert_eq!(
        room.judge(user(2), "k", "hi", now),
        say("hi"),
        "keys belong to their account"
    );
    assert_eq!(room.judge(user(1), "l", "hi", now), say("hi"));
}

#[test]
fn what_was_refused_or_lost_may_be_tried_again() {
    let (mut room, now) = (Moderator::default(), Instant::now());
    assert_eq!(room.judge(user(1), "k", " ", now), Err(Refusal::Empty));
    for _ in 0..20 {
        assert_eq!(room.judge(user(1), "k", "hi", now), say("hi"));
        room.forget(user(1), "k");
    }
    assert_eq!(room.judge(user(1), "k", "hi", now), say("hi"));
}

#[test]
fn memory_is_bounded() {
    let (mut room, start) = (Moderator::default(), Instant::now());
    for n in 0..2 * RECENT_KEYS as u64 {
        let now = start + Duration::from_secs(10 * n);
        room.judge(user(0), &format!("k{n}"), "hi", now).unwrap();
    }
    assert_eq!(room.speakers[&user(0)].keys.len(), RECENT_KEYS);
    for n in 1..SPEAKERS_MAX as u128 + 20 {
        room.judge(user(n), "k", "hi", start + Duration::from_secs(9_000))
            .unwrap();
    }
    assert_eq!(room.speakers.len(), SPEAKERS_MAX);
    assert!(!room.speakers.contains_key(&user(0)), "silent for long");
}

#[test]
fn refusals_name_what_to_change() {
    let problem = Problem::from(Refusal::TooFast { wait: 6 });
    assert_eq!(
        (problem.code, problem.retry_after),
        (Code::RateLimited, Some(6))
    );
    for (refusal, pointer, code) in [
        (Refusal::Key, "/key", "format"),
        (Refusal::Empty, "/body", "required"),
        (Refusal::TooLong, "/body", "max"),
    ] {
        let problem = Problem::from(refusal);
        assert_eq!(problem.code, Code::ValidationError);
        assert_eq!(
            (&*problem.errors[0].pointer, &*problem.errors[0].code),
            (pointer, code)
        );
    }
}
