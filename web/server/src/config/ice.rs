//! `media.ice_servers`: what may stand in a `Link` header.
//!
//! A value travels between quotes in a header that some encoders take apart at every `;` and `,`
//! without looking at quotes, so neither may stand in one. Nothing is escaped: a `?` that becomes
//! `%3F` names another server.

use super::{
    check::{Checked, wrong},
    raw::IceServer,
};
use crate::limits;

const KEY: &str = "media.ice_servers";

pub(super) fn check(servers: Vec<IceServer>) -> Checked<Vec<IceServer>> {
    if servers.len() > limits::ICE_SERVERS_MAX {
        return wrong(KEY, format!("at most {}", limits::ICE_SERVERS_MAX));
    }
    for server in &servers {
        let scheme = server.url.split_once(':').map(|(scheme, _)| scheme);
        let relays = match scheme {
            Some("stun" | "stuns") => false,
            Some("turn" | "turns") => true,
            _ => return wrong(KEY, format!("`{}` is not a stun: or turn: URL", server.url)),
        };
        let named = !server.username.is_empty() && !server.credential.is_empty();
        if relays && !named {
            return wrong(KEY, format!("{} needs username and credential", server.url));
        }
        let values = [&server.url, &server.username, &server.credential];
        if values.iter().any(|value| !fits(value)) {
            let reason = "values are printable ASCII without spaces, quotes, angle brackets, commas and semicolons";
            return wrong(KEY, reason);
        }
    }
    Ok(servers)
}

fn fits(value: &str) -> bool {
    value.len() <= 256
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"'<>,;\\".contains(&byte))
}
