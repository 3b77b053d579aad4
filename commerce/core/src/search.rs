//! Words to find products by, the same on every database.
//!
//! A text becomes terms: lower case, full-width letters and loose Hangul letters put together,
//! split where no letter or digit stands. A word of a script that joins words (Hangul, kana, Han)
//! counts with each of its endings, so that a search from the middle of a compound finds it. A
//! search asks for terms that begin with its words, which is a range of an ordered index: nothing
//! of what people type is ever a pattern.

use std::collections::BTreeSet;

use crate::limits::{QUERY_WORDS_MAX, TERM_CHARS_MAX, TERMS_MAX};

/// After every text that begins with a term.
const LAST: char = '\u{10FFFF}';

/// The terms of the texts of one product, at most [`TERMS_MAX`].
pub fn terms<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        for word in words(text) {
            let joined = word.iter().any(|c| joins(*c));
            let starts = if joined { word.len() } else { 1 };
            for start in 0..starts {
                if found.len() >= TERMS_MAX {
                    return found;
                }
                found.insert(cut(&word[start..]));
            }
        }
    }
    found
}

/// The ranges that a search asks for, `from <= term < to`, all of which a product must have a term
/// in: exactly [`QUERY_WORDS_MAX`], of which unused ones hold everything. `None` if the text has no
/// word. Words beyond the bound are left out.
pub fn ranges(query: &str) -> Option<[(String, String); QUERY_WORDS_MAX]> {
    let words = words(query);
    if words.is_empty() {
        return None;
    }
    let mut of = words.iter().map(|word| cut(word));
    Some(std::array::from_fn(|_| {
        let from = of.next().unwrap_or_default();
        let to = format!("{from}{LAST}");
        (from, to)
    }))
}

fn cut(word: &[char]) -> String {
    word.iter().take(TERM_CHARS_MAX).collect()
}

/// The words of a text, normalised.
fn words(text: &str) -> Vec<Vec<char>> {
    let mut words = Vec::new();
    let mut word: Vec<char> = Vec::new();
    for c in text.chars().flat_map(|c| narrow(c).to_lowercase()) {
        // Loose accents belong to the letter before them.
        if ('\u{300}'..='\u{36f}').contains(&c) {
            continue;
        }
        if c.is_alphanumeric() {
            match word.last().and_then(|last| compose(*last, c)) {
                Some(whole) => {
                    word.pop();
                    word.push(whole);
                }
                None => word.push(c),
            }
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Full-width ASCII as it is typed with a Korean or Japanese keyboard.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

const LEAD: u32 = 0x1100;
const VOWEL: u32 = 0x1161;
const TAIL: u32 = 0x11a7;
const SYLLABLE: u32 = 0xac00;
const LEADS: u32 = 19;
const VOWELS: u32 = 21;
const TAILS: u32 = 28;

/// Two loose Hangul letters as one syllable (Unicode 15.0, section 3.12): some systems take
/// syllables apart in the names of what is copied from them.
fn compose(last: char, next: char) -> Option<char> {
    let (last, next) = (u32::from(last), u32::from(next));
    let lead = last.checked_sub(LEAD).filter(|n| *n < LEADS);
    let vowel = next.checked_sub(VOWEL).filter(|n| *n < VOWELS);
    if let (Some(lead), Some(vowel)) = (lead, vowel) {
        return char::from_u32(SYLLABLE + (lead * VOWELS + vowel) * TAILS);
    }
    let open = last
        .checked_sub(SYLLABLE)
        .filter(|n| *n < LEADS * VOWELS * TAILS && n % TAILS == 0)?;
    let tail = next.checked_sub(TAIL).filter(|n| (1..TAILS).contains(n))?;
    char::from_u32(SYLLABLE + open + tail)
}

/// Scripts that write compounds without a space.
const fn joins(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn finds(query: &str, text: &str) -> bool {
        let terms = terms([text]);
        ranges(query)
            .unwrap()
            .iter()
            .all(|(from, to)| terms.range(from.clone()..to.clone()).next().is_some())
    }

    #[test]
    fn people_find_what_they_mean() {
        let table = [
            ("머그", "손그림 머그컵", true),
            ("그컵", "손그림 머그컵", true),
            ("컵", "손그림 머그컵", true),
            ("컵 손그림", "손그림 머그컵", true),
            ("접시", "손그림 머그컵", false),
            ("컵 접시", "손그림 머그컵", false),
            ("MUG", "Hand-painted mug", true),
            ("paint", "Hand-painted mug", true),
            ("ainted", "Hand-painted mug", false),
            ("hand-painted", "Hand-painted mug", true),
            ("ｍｕｇ", "Hand-painted mug", true),
            ("\u{1106}\u{1165}\u{1100}\u{1173}", "머그컵", true),
            ("\u{110f}\u{1165}\u{11b8}", "머그컵", true),
            ("%", "100% 면", false),
            ("100", "100% 면", true),
            ("b5노트", "B5노트", true),
            ("노트", "B5노트", true),
        ];
        for (query, text, expected) in table {
            let found = ranges(query).is_some() && finds(query, text);
            assert_eq!(found, expected, "{query} in {text}");
        }
    }

    #[test]
    fn what_has_no_word_asks_for_nothing() {
        for text in ["", " ", "%_\\", "'; --", "\u{0}", "\u{202e}"] {
            assert!(ranges(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn texts_of_any_size_have_bounded_terms() {
        let long = "가나다라마바사".repeat(10_000);
        let many = (0..10_000).map(|n| format!("w{n} ")).collect::<String>();
        let found = terms([long.as_str(), many.as_str()]);
        assert!(found.len() <= TERMS_MAX);
        assert!(
            found
                .iter()
                .all(|term| (1..=TERM_CHARS_MAX).contains(&term.chars().count()))
        );
        assert_eq!(ranges(&many).unwrap().len(), QUERY_WORDS_MAX);
    }
}
