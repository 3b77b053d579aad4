//! The target named in `SOUK_FUZZ_TARGET`, guided by coverage.
//!
//! A target lives for many inputs; when one makes it panic, all of them are written to
//! `<target>.history` in the working folder, for `SOUK_FUZZ_REPLAY` of the `fuzz` test.
#![no_main]
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt::Write as _;

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, clippy::unwrap_used)]
#[path = "../../tests/fuzz"]
mod shared {
    pub mod stage;
    pub mod targets;
}

use shared::{stage, targets};
use targets::{Kind, Target};

/// Inputs that one target takes before it makes room for a new one.
const LIFE: usize = 200;

struct Play {
    kind: &'static Kind,
    /// Out while it is fed, so that the history can be read if it panics.
    target: Option<Box<dyn Target>>,
    history: Vec<Vec<u8>>,
}

thread_local! {
    static PLAY: RefCell<Option<Play>> = const { RefCell::new(None) };
}

fn write_history(play: &Play) {
    let mut text = String::new();
    for input in &play.history {
        for byte in input {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    let _ = std::fs::write(format!("{}.history", play.kind.name), text);
}

/// Gives libFuzzer the seeds and the words of the target, when it runs with `SOUK_FUZZ_SEEDS`.
fn write_seeds() {
    let Ok(folder) = std::env::var("SOUK_FUZZ_SEEDS") else {
        return;
    };
    let kind = kind();
    for (at, seed) in (kind.seeds)().iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{at}"), seed).expect("the folder is there");
    }
    let mut words = String::new();
    for word in kind.words {
        words.push('"');
        for byte in *word {
            let _ = write!(words, "\\x{byte:02x}");
        }
        words.push_str("\"\n");
    }
    std::fs::write(format!("{folder}.dict"), words).expect("the folder is there");
}

fn kind() -> &'static Kind {
    let name = std::env::var("SOUK_FUZZ_TARGET").unwrap_or_default();
    Kind::named(&name).expect("SOUK_FUZZ_TARGET names a target")
}

fuzz_target!(
    init: {
        write_seeds();
        // libFuzzer's own hook aborts before anything unwinds: the history is written first.
        let abort = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PLAY.with(|play| {
                if let Ok(play) = play.try_borrow() {
                    play.as_ref().map(write_history);
                }
            });
            abort(info);
        }));
    },
    |input: &[u8]| {
        let mut target = PLAY.with(|play| {
            let mut play = play.borrow_mut();
            if play.as_ref().is_none_or(|play| play.history.len() >= LIFE) {
                let kind = kind();
                *play = Some(Play {
                    kind,
                    target: Some((kind.make)()),
                    history: Vec::new(),
                });
            }
            let play = play.as_mut().expect("it was made above");
            play.history.push(input.to_vec());
            play.target.take().expect("it was put back")
        });
        target.feed(input);
        PLAY.with(|play| {
            if let Some(play) = play.borrow_mut().as_mut() {
                play.target = Some(target);
            }
        });
    }
);
