//! Letters: what is written to people, and how it leaves the house.
//!
//! With an SMTP server letters go there by TLS. Without one they stay in a bounded mailbox in
//! memory, which the demo shows and nobody else reads.

mod letters;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox as Person, header::ContentType},
};

use crate::{MailConfig, limits};

pub(crate) use letters::{Kind, Reader, write};

/// A letter that was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// Milliseconds since 1970.
    pub at_ms: u64,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(redacted)")
    }
}

/// The newest letters of a server that has no mail server; clones share it.
#[derive(Clone, Default)]
pub struct Mailbox {
    letters: Arc<Mutex<VecDeque<Letter>>>,
}

impl Mailbox {
    /// The letters, the newest first.
    pub fn letters(&self) -> Vec<Letter> {
        self.lock().iter().rev().cloned().collect()
    }

    fn put(&self, letter: Letter) {
        let mut letters = self.lock();
        if letters.len() >= limits::MAILBOX_LETTERS_MAX {
            letters.pop_front();
        }
        letters.push_back(letter);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way out.
pub(crate) struct Post {
    from: Person,
    way: Way,
}

enum Way {
    Mailbox(Mailbox),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

impl Post {
    /// Reads the settings; the text of an error names the key.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, String> {
        let from = config.from.parse();
        let from =
            from.map_err(|_| "mail.from: must be an address such as `Shop <me@shop.example>`")?;
        let way = match &config.smtp_url {
            None => Way::Mailbox(Mailbox::default()),
            Some(url) => Way::Smtp(smtp(url)?),
        };
        Ok(Self { from, way })
    }

    /// The mailbox, where there is no mail server.
    pub(crate) fn mailbox(&self) -> Option<Mailbox> {
        match &self.way {
            Way::Mailbox(mailbox) => Some(mailbox.clone()),
            Way::Smtp(_) => None,
        }
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// Why not, for the log; never what the letter says.
    pub(crate) async fn send(&self, letter: Letter) -> Result<(), String> {
        let transport = match &self.way {
            Way::Mailbox(mailbox) => {
                mailbox.put(letter);
                return Ok(());
            }
            Way::Smtp(transport) => transport,
        };
        let to: Person = letter.to.parse().map_err(|_| "not an address".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body)
            .map_err(|error| error.to_string())?;
        match transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A transport by TLS; without it to this machine alone.
fn smtp(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let near = ["127.0.0.1", "localhost", "[::1]"];
    let near = near.iter().any(|name| host.starts_with(name));
    if !near && !url.starts_with("smtps://") && !url.contains("tls=required") {
        return Err("mail.smtp_url: must be smtps://… or end in ?tls=required".to_owned());
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
    // The error may quote the address, and with it the password.
    let builder = builder.map_err(|_| "mail.smtp_url: cannot be read")?;
    Ok(builder.timeout(Some(limits::SMTP_TIME_MAX)).build())
}

#[cfg(test)]
mod tests;
