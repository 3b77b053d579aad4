//! The demo's accounts. One password for all of them, made with the data folder, so that no
//! password is known beforehand, not even of a demo that somebody opened to a network.

use anyhow::Context;
use serde::Serialize;
use signaling_wire::UserId;
use web_accounts::{AccountError, Accounts, NewAccount};

/// An account to try with.
#[derive(Clone, Serialize)]
pub(super) struct Person {
    pub(super) email: &'static str,
    pub(super) password: String,
    pub(super) role: &'static str,
    #[serde(skip)]
    pub(super) user: UserId,
}

/// E-mail, name and what they are in the demo. The domain is reserved for examples (RFC 2606).
const CAST: [(&str, &str, &str); 7] = [
    ("mina@souk.example", "Mina", "buyer"),
    ("jun@souk.example", "Jun", "buyer"),
    ("seller@souk.example", "Haru Goods", "seller"),
    ("host@souk.example", "Sora", "host"),
    ("manager@souk.example", "Yuna", "manager"),
    ("assistant@souk.example", "Bora", "assistant"),
    ("admin@souk.example", "admin", "admin"),
];

/// Makes the accounts that are not there.
pub(super) async fn cast(accounts: &Accounts, password: &str) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::with_capacity(CAST.len());
    for (email, name, role) in CAST {
        let user = find_or_make(accounts, email, name, role, password)
            .await
            .with_context(|| format!("the account {email}"))?;
        people.push(Person {
            email,
            password: password.to_owned(),
            role,
            user,
        });
    }
    Ok(people)
}

async fn find_or_make(
    accounts: &Accounts,
    email: &str,
    name: &str,
    role: &str,
    password: &str,
) -> Result<UserId, AccountError> {
    let made = if role == "admin" {
        accounts.create_admin(email, password).await
    } else {
        let new = NewAccount {
            email: email.to_owned(),
            password: password.to_owned(),
            display_name: name.to_owned(),
            locale: Some("ko".to_owned()),
            marketing: false,
        };
        accounts
            .register(new, None)
            .await
            .map(|signed| signed.user.id)
    };
    match made {
        Err(AccountError::EmailTaken) => {
            match accounts.login(email, password, None).await {
                // Only to see that the password holds: the session is not needed.
                Ok(signed) => accounts.logout(signed.refresh_token.expose()).await?,
                // It holds, and somebody gave the account a second factor.
                Err(AccountError::SecondFactorRequired) => {}
                Err(error) => return Err(error),
            }
            Ok(accounts.find_by_email(email).await?.id)
        }
        other => other,
    }
}

/// Three groups of letters that are told apart on any screen.
pub(super) fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let group = || -> String {
        (0..4)
            .map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]))
            .collect()
    };
    format!("souk-{}-{}-{}", group(), group(), group())
}
