//! E-mail addresses and locale tags as people type them.
//!
//! An address has the form that browsers accept in `<input type=email>` (HTML, 4.10.5.1.5). Its
//! key is the address in lower case: one mailbox has one account, however it is written.

use signaling_wire::problem::FieldError;

use crate::limits;

pub(crate) fn field(pointer: &str, code: &str, detail: impl Into<String>) -> FieldError {
    FieldError {
        pointer: pointer.to_owned(),
        code: code.to_owned(),
        detail: detail.into(),
    }
}

/// The key under which an address is unique, or `None` for a text that is no address.
pub(crate) fn key(address: &str) -> Option<String> {
    let address = address.trim();
    if address.len() > limits::EMAIL_BYTES_MAX {
        return None;
    }
    let (local, domain) = address.split_once('@')?;
    let local_ok = (1..=limits::EMAIL_LOCAL_BYTES_MAX).contains(&local.len())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
    let domain_ok = domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    (local_ok && domain_ok).then(|| address.to_ascii_lowercase())
}

/// A language tag such as `ko` or `en-US` (RFC 5646 2.1, language and further subtags).
pub(crate) fn locale(tag: &str) -> Result<String, FieldError> {
    let mut subtags = tag.split('-');
    let language_ok = subtags.next().is_some_and(|language| {
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let rest_ok = subtags.all(|subtag| {
        (2..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if language_ok && rest_ok && tag.len() <= limits::LOCALE_BYTES_MAX {
        Ok(tag.to_owned())
    } else {
        Err(field(
            "/locale",
            "format",
            "A language tag such as ko or en.",
        ))
    }
}

#[cfg(test)]
mod tests;
