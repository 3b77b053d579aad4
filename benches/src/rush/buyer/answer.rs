//! Answers of the server, taken apart with as little as the buyers need.

use anyhow::{Context, Result, bail};

/// Longest answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// An answer that is whole.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) replayed: bool,
    body: String,
}

impl Answer {
    /// The text of the first member of this name; the server writes no blanks.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let rest = self.after(name)?.strip_prefix('"')?;
        rest.split('"').next()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        let rest = self.after(name)?;
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..end].parse().ok()
    }

    pub(super) fn after(&self, name: &str) -> Option<&str> {
        let mark = format!("\"{name}\":");
        let at = self.body.find(&mark)?;
        Some(&self.body[at + mark.len()..])
    }
}

/// An answer and its length, once it is whole.
pub(super) fn parse(input: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&input[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.context("no status")?.parse()?;
    let (mut length, mut replayed) = (0, false);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        } else if name.eq_ignore_ascii_case("idempotent-replayed") {
            replayed = true;
        }
    }
    if length > ANSWER_BYTES_MAX {
        bail!("an answer of {length} bytes");
    }
    let whole = end + 4 + length;
    if input.len() < whole {
        return Ok(None);
    }
    let body = String::from_utf8(input[end + 4..whole].to_vec())?;
    Ok(Some((
        Answer {
            status,
            replayed,
            body,
        },
        whole,
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let text =
            b"HTTP/1.1 201 Created\r\nContent-Length: 60\r\nidempotent-replayed: true\r\n\r\n\
            {\"id\":\"ord_1\",\"payment\":{\"id\":\"pay1\"},\"ledger_seq\":42,\"x\":1}HTTP";
        assert!(parse(&text[..60]).unwrap().is_none());
        assert!(parse(&text[..100]).unwrap().is_none());
        let (answer, length) = parse(text).unwrap().unwrap();
        assert_eq!((answer.status, answer.replayed), (201, true));
        assert_eq!(&text[length..], b"HTTP", "{}", answer.body);
        assert_eq!(answer.text("id"), Some("ord_1"));
        assert_eq!(answer.number("ledger_seq"), Some(42));
        let payment = answer
            .after("payment")
            .and_then(|rest| rest.split('"').nth(3));
        assert_eq!(payment, Some("pay1"));
    }
}
