//! Display names: one readable line, and what it looks like.
//!
//! A name may mix scripts only as people do (Korean or Japanese with Latin letters; UTS 39 5.2,
//! "highly restrictive"), because a mix of Latin and Cyrillic is made to be taken for another name.
//! A name that looks like one of the platform's own is refused. Emoji are welcome.

use signaling_wire::{postal::is_one_line, problem::FieldError};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use unicode_security::{confusable_detection::skeleton, mixed_script::AugmentedScriptSet};

use crate::{email::field, limits};

/// Names that only the platform may speak under, as [`key`] makes them.
const RESERVED: [&str; 14] = [
    "admin",
    "administrator",
    "moderator",
    "official",
    "operator",
    "root",
    "souk",
    "staff",
    "support",
    "system",
    "관리자",
    "운영자",
    "고객센터",
    "공식",
];
/// Longest key, characters; a letter may look like several.
const KEY_CHARS_MAX: usize = 120;

/// The name as it is kept: trimmed, in composed form.
///
/// # Errors
/// Why it is no name.
pub(crate) fn check(name: &str) -> Result<String, FieldError> {
    let refuse = |code, detail: &str| Err(field("/display_name", code, detail));
    let name: String = name.trim().nfc().collect();
    let most = limits::DISPLAY_NAME_CHARS_MAX;
    if name.is_empty() {
        return refuse("required", "Say what to call you.");
    }
    if name.chars().count() > most {
        return refuse("max", &format!("At most {most} characters."));
    }
    if !is_one_line(&name) {
        return refuse("format", "No control or direction characters.");
    }
    if longest_run_of_marks(&name) > limits::COMBINING_MARKS_MAX {
        return refuse("format", "Too many marks on one letter.");
    }
    if !is_plainly_written(&name) {
        return refuse("confusable", "Use the letters of one script.");
    }
    Ok(name)
}

/// Whether a name looks like one of the platform's own, which people may not choose.
pub(crate) fn is_reserved(name: &str) -> bool {
    let key: String = key(name)
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    RESERVED.iter().any(|reserved| self::key(reserved) == key)
}

/// What is said to who chose one of them.
pub(crate) fn reserved() -> FieldError {
    field(
        "/display_name",
        "confusable",
        "This name looks like one of the platform's own.",
    )
}

/// What a name looks like: equal for names that cannot be told apart at a glance, whatever the
/// case, the width and the script of their letters.
pub(crate) fn key(name: &str) -> String {
    // Before and after: what a letter looks like may have a case again.
    let folded = name.nfkc().collect::<String>().to_lowercase();
    let looks = skeleton(&folded).collect::<String>().to_lowercase();
    let words = looks.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(KEY_CHARS_MAX).collect()
}

fn longest_run_of_marks(name: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for letter in name.chars() {
        run = if is_combining_mark(letter) {
            run + 1
        } else {
            0
        };
        longest = longest.max(run);
    }
    longest
}

/// One script, or Latin letters beside one of the writings that use them every day.
fn is_plainly_written(name: &str) -> bool {
    let set = |text: &str| AugmentedScriptSet::for_str(text);
    if !set(name).is_empty() {
        return true;
    }
    let rest: String = name.chars().filter(|letter| !is_latin(*letter)).collect();
    let rest = set(&rest);
    rest.kore || rest.jpan || rest.hanb
}

fn is_latin(letter: char) -> bool {
    let set = AugmentedScriptSet::for_char(letter);
    set.base.contains_script(unicode_script::Script::Latin) && !set.is_all()
}

#[cfg(test)]
mod tests;
