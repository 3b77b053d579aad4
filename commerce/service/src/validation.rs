//! Checks of fields that people fill in: collected, so that all are named at once.

use commerce_core::limits::UNIT_PRICE_MAX;
use signaling_wire::{Money, frame::shop::Localized, problem::FieldError};

use crate::{ServiceError, limits};

/// Collects refused fields.
#[derive(Debug, Default)]
pub(crate) struct Validation {
    errors: Vec<FieldError>,
}

impl Validation {
    /// Refuses a field unless it holds.
    pub(crate) fn check(&mut self, holds: bool, pointer: &str, code: &str, detail: &str) {
        if !holds {
            let (pointer, code) = (pointer.to_owned(), code.to_owned());
            self.errors.push(FieldError {
                pointer,
                code,
                detail: detail.to_owned(),
            });
        }
    }

    /// A title or name: not blank, bounded, one line.
    pub(crate) fn title(&mut self, text: &str, pointer: &str) {
        self.check(
            !text.trim().is_empty(),
            pointer,
            "required",
            "must not be blank",
        );
        let bounded = text.chars().count() <= limits::TITLE_CHARS_MAX;
        self.check(bounded, pointer, "max", "is too long");
        self.check(
            !text.chars().any(char::is_control),
            pointer,
            "format",
            "must be one line",
        );
        let plain = !text.chars().any(is_invisible);
        self.check(
            plain,
            pointer,
            "format",
            "has characters that cannot be seen",
        );
    }

    /// A text of several lines: bounded, no control characters but line ends and tabs.
    pub(crate) fn text(&mut self, text: &str, pointer: &str) {
        let bounded = text.chars().count() <= limits::TEXT_CHARS_MAX;
        self.check(bounded, pointer, "max", "is too long");
        let hidden =
            |c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || is_invisible(c);
        let plain = !text.chars().any(hidden);
        self.check(
            plain,
            pointer,
            "format",
            "has characters that cannot be seen",
        );
    }

    /// A seller's own number: visible ASCII.
    pub(crate) fn sku(&mut self, text: &str, pointer: &str) {
        let fits = (1..=limits::SKU_CHARS_MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let detail = "must be 1 to 64 visible ASCII characters";
        self.check(fits && plain, pointer, "format", detail);
    }

    /// A name in addresses: small letters, digits and hyphens.
    pub(crate) fn slug(&mut self, text: &str, pointer: &str) {
        let fits = (1..=limits::SLUG_CHARS_MAX).contains(&text.len());
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let detail = "must be 1 to 64 small letters, digits and hyphens";
        self.check(fits && plain, pointer, "format", detail);
    }

    /// A title in both languages.
    pub(crate) fn localized(&mut self, title: &Localized, pointer: &str) {
        self.title(&title.ko, &format!("{pointer}/ko"));
        self.title(&title.en, &format!("{pointer}/en"));
    }

    /// A price of one unit.
    pub(crate) fn price(&mut self, price: Money, pointer: &str) {
        let fits = (1..=UNIT_PRICE_MAX).contains(&price.amount);
        self.check(
            fits,
            &format!("{pointer}/amount"),
            "range",
            "is out of range",
        );
    }

    /// A picture: a path of this site or an https address; never a script.
    pub(crate) fn image(&mut self, url: &str, pointer: &str) {
        let bounded = url.chars().count() <= limits::IMAGE_URL_CHARS_MAX;
        self.check(bounded, pointer, "max", "is too long");
        let local = url.starts_with('/') && !url.starts_with("//");
        let plain = !url
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\');
        let sound = plain && (local || url.starts_with("https://"));
        self.check(
            sound,
            pointer,
            "format",
            "must be a path or an https address",
        );
    }

    /// Nothing, or everything that was refused.
    pub(crate) fn done(self) -> Result<(), ServiceError> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::Validation(self.errors)),
        }
    }
}

/// Characters that turn the direction of what stands around them, or only pretend not to be there.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
}
