//! Postal addresses: where a parcel goes and who takes it.
//!
//! Pure shape and rules, shared by the addresses that a person keeps and by what an order is sent
//! to. Everything in it is personal: `Debug` shows none of it, and whoever stores it seals it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{limits, problem::FieldError};

/// Where a parcel goes. All fields are one line of text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// Who takes it.
    pub recipient: String,
    /// How the courier calls them: digits, with `+`, spaces, dashes and brackets as people write.
    pub phone: String,
    /// Two capital letters (ISO 3166-1 alpha-2).
    #[serde(default = "korea")]
    pub country: String,
    /// Five digits in Korea; letters, digits, spaces and dashes elsewhere.
    pub postcode: String,
    /// Province or state; may be empty.
    #[serde(default)]
    pub region: String,
    /// Town; may be empty, as in Korean road addresses.
    #[serde(default)]
    pub city: String,
    /// Street and number.
    pub line1: String,
    /// Building, floor, flat; may be empty.
    #[serde(default)]
    pub line2: String,
    /// A word to the courier; may be empty.
    #[serde(default)]
    pub note: String,
}

fn korea() -> String {
    "KR".to_owned()
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostalAddress(redacted)")
    }
}

impl PostalAddress {
    /// Trims every field and checks it; `pointer` stands before the names of refused fields.
    ///
    /// # Errors
    /// All refused fields at once.
    pub fn checked(mut self, pointer: &str) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        let most = limits::POSTAL_LINE_CHARS_MAX;
        let fields = [
            (
                "recipient",
                &mut self.recipient,
                limits::POSTAL_NAME_CHARS_MAX,
                true,
            ),
            ("phone", &mut self.phone, limits::PHONE_CHARS_MAX, true),
            ("country", &mut self.country, 2, true),
            (
                "postcode",
                &mut self.postcode,
                limits::POSTCODE_CHARS_MAX,
                true,
            ),
            ("region", &mut self.region, most, false),
            ("city", &mut self.city, most, false),
            ("line1", &mut self.line1, most, true),
            ("line2", &mut self.line2, most, false),
            ("note", &mut self.note, most, false),
        ];
        for (name, text, most, required) in fields {
            *text = text.trim().to_owned();
            let why = if required && text.is_empty() {
                Some(("required", "Is missing.".to_owned()))
            } else if text.chars().count() > most {
                Some(("max", format!("At most {most} characters.")))
            } else if !is_one_line(text) {
                Some(("format", "No control or direction characters.".to_owned()))
            } else {
                None
            };
            refused.extend(why.map(|(code, detail)| field(pointer, name, code, detail)));
        }
        if refused.is_empty() {
            self.refuse_forms(pointer, &mut refused);
        }
        if refused.is_empty() {
            Ok(self)
        } else {
            Err(refused)
        }
    }

    fn refuse_forms(&self, pointer: &str, refused: &mut Vec<FieldError>) {
        if !is_phone(&self.phone) {
            let detail = "A telephone number, such as 010-1234-5678.";
            refused.push(field(pointer, "phone", "format", detail));
        }
        let upper = |byte: u8| byte.is_ascii_uppercase();
        if self.country.len() != 2 || !self.country.bytes().all(upper) {
            let detail = "Two capital letters, such as KR.";
            refused.push(field(pointer, "country", "format", detail));
        }
        let korean = self.postcode.len() == 5 && self.postcode.bytes().all(|b| b.is_ascii_digit());
        let abroad = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-');
        let fits = match self.country.as_str() {
            "KR" => korean,
            _ => self.postcode.bytes().all(abroad),
        };
        if !fits {
            let detail = "A postcode, five digits in Korea.";
            refused.push(field(pointer, "postcode", "format", detail));
        }
    }
}

fn field(pointer: &str, name: &str, code: &str, detail: impl Into<String>) -> FieldError {
    FieldError {
        pointer: format!("{pointer}/{name}"),
        code: code.to_owned(),
        detail: detail.into(),
    }
}

/// Whether a text can be a telephone number: 7 to 15 digits (ITU-T E.164 6), written as people do.
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let written = |(place, letter): (usize, char)| {
        letter.is_ascii_digit()
            || matches!(letter, ' ' | '-' | '(' | ')')
            || (letter == '+' && place == 0)
    };
    (7..=15).contains(&digits)
        && text.len() <= limits::PHONE_CHARS_MAX
        && text.char_indices().all(written)
}

/// Whether a text is one line that shows what it holds: no control characters, no marks that
/// change the direction of what stands around them, nothing that is not seen at all.
pub fn is_one_line(text: &str) -> bool {
    !text.chars().any(|letter| {
        letter.is_control()
            || matches!(letter,
                '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    })
}

#[cfg(test)]
mod tests;
