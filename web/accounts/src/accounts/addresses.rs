//! The addresses that a person keeps: sealed, one of them the default, at most twenty.

use serde::{Deserialize, Serialize};
use signaling_wire::{AddressId, PostalAddress, UserId, postal::is_one_line};

use super::Accounts;
use crate::{
    db::{addresses, addresses::Kept},
    email::field,
    error::AccountError,
    limits,
};

/// An address, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// What the person calls it, such as "home"; may be empty.
    pub label: String,
    /// Whether orders go there unless said otherwise.
    pub is_default: bool,
    /// Where it is.
    pub address: PostalAddress,
}

/// An address to keep.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// At most 20 characters.
    #[serde(default)]
    pub label: String,
    /// The first address is the default in any case.
    #[serde(default)]
    pub is_default: bool,
    /// Where it is.
    pub address: PostalAddress,
}

/// What changes about an address; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressChange {
    /// At most 20 characters.
    #[serde(default)]
    pub label: Option<String>,
    /// `true` makes it the default; `false` is refused for the default, which needs a successor.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Where it is, as a whole.
    #[serde(default)]
    pub address: Option<PostalAddress>,
}

/// What is sealed of an address.
#[derive(Clone, Serialize, Deserialize)]
struct Sealed {
    label: String,
    address: PostalAddress,
}

impl Accounts {
    /// The addresses of a user, the default first, then the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn addresses(&self, user: UserId) -> Result<Vec<Address>, AccountError> {
        let reader = self.shared.store.reader();
        let Some(key) = self.shared.personal.find(reader, user).await? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for kept in addresses::list(reader, user).await? {
            let sealed: Sealed = key.open_json(&place(kept.id), &kept.sealed)?;
            found.push(Address {
                id: kept.id,
                label: sealed.label,
                is_default: kept.is_default,
                address: sealed.address,
            });
        }
        found.sort_by_key(|address| !address.is_default);
        Ok(found)
    }

    /// One address of a user.
    ///
    /// # Errors
    /// `NotFound` for one that is not theirs.
    pub async fn address(&self, user: UserId, id: AddressId) -> Result<Address, AccountError> {
        let all = self.addresses(user).await?;
        let found = all.into_iter().find(|address| address.id == id);
        found.ok_or(AccountError::NotFound)
    }

    /// Keeps an address.
    ///
    /// # Errors
    /// `Invalid` names the fields; `TooMany`.
    pub async fn add_address(
        &self,
        user: UserId,
        new: NewAddress,
    ) -> Result<Address, AccountError> {
        let sealed = checked(&new.label, new.address)?;
        let now = self.shared.clock.now();
        let id = AddressId::from_parts(now.ms(), rand::random());
        let (personal, wants) = (self.shared.personal.clone(), new.is_default);
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                addresses::lock(conn, user).await?;
                let key = personal.key(conn, user, now.db()).await?;
                let kept = addresses::list(&mut *conn, user).await?;
                if kept.len() >= limits::ADDRESSES_PER_USER_MAX {
                    return Err(AccountError::TooMany);
                }
                let text = key.seal_json(&place(id), &sealed)?;
                addresses::insert(conn, user, (id, &text), now).await?;
                if wants || kept.is_empty() {
                    addresses::prefer(conn, user, id, now).await?;
                }
                Ok(())
            })
        });
        write.await?;
        self.address(user, id).await
    }

    /// Changes an address.
    ///
    /// # Errors
    /// `NotFound` for one that is not theirs; `Invalid`.
    pub async fn change_address(
        &self,
        user: UserId,
        id: AddressId,
        change: AddressChange,
    ) -> Result<Address, AccountError> {
        let before = self.address(user, id).await?;
        if change.is_default == Some(false) && before.is_default {
            let detail = "Make another address the default instead.";
            let refused = field("/is_default", "required", detail);
            return Err(AccountError::Invalid(vec![refused]));
        }
        let label = change.label.unwrap_or(before.label);
        let sealed = checked(&label, change.address.unwrap_or(before.address))?;
        let (now, prefer) = (self.shared.clock.now(), change.is_default == Some(true));
        let personal = self.shared.personal.clone();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                addresses::lock(conn, user).await?;
                let key = personal.key(conn, user, now.db()).await?;
                let text = key.seal_json(&place(id), &sealed)?;
                addresses::replace(conn, user, (id, &text), now).await?;
                if prefer {
                    addresses::prefer(conn, user, id, now).await?;
                }
                Ok(())
            })
        });
        write.await?;
        self.address(user, id).await
    }

    /// Forgets an address; after the default the oldest other becomes it.
    ///
    /// # Errors
    /// `NotFound` for one that is not theirs.
    pub async fn remove_address(&self, user: UserId, id: AddressId) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                addresses::lock(conn, user).await?;
                if !addresses::delete(conn, user, id).await? {
                    return Err(AccountError::NotFound);
                }
                let left: Vec<Kept> = addresses::list(&mut *conn, user).await?;
                if let Some(first) = left.first()
                    && !left.iter().any(|kept| kept.is_default)
                {
                    addresses::prefer(conn, user, first.id, now).await?;
                }
                Ok(())
            })
        });
        write.await
    }
}

fn place(id: AddressId) -> String {
    format!("address/{id}")
}

fn checked(label: &str, address: PostalAddress) -> Result<Sealed, AccountError> {
    let label = label.trim();
    let mut refused = Vec::new();
    let most = limits::ADDRESS_LABEL_CHARS_MAX;
    if label.chars().count() > most {
        refused.push(field(
            "/label",
            "max",
            format!("At most {most} characters."),
        ));
    } else if !is_one_line(label) {
        refused.push(field(
            "/label",
            "format",
            "No control or direction characters.",
        ));
    }
    match address.checked("/address") {
        Ok(address) if refused.is_empty() => Ok(Sealed {
            label: label.to_owned(),
            address,
        }),
        Ok(_) => Err(AccountError::Invalid(refused)),
        Err(fields) => {
            refused.extend(fields);
            Err(AccountError::Invalid(refused))
        }
    }
}
