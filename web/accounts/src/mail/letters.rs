//! What the letters say, in Korean and in English.

use crate::{db::one_time::Purpose, mail::Letter};

/// The kinds of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VerifyEmail,
    ResetPassword,
    PasswordChanged,
}

impl Kind {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::PasswordChanged,
    ];

    /// As in the database.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }

    pub(crate) fn from_key(key: &str) -> Option<Self> {
        match key {
            "verify_email" => Some(Self::VerifyEmail),
            "reset_password" => Some(Self::ResetPassword),
            "password_changed" => Some(Self::PasswordChanged),
            _ => None,
        }
    }

    /// What the link in it is for, if it has one.
    pub(crate) const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::VerifyEmail => Some(Purpose::VerifyEmail),
            Self::ResetPassword => Some(Purpose::ResetPassword),
            Self::PasswordChanged => None,
        }
    }
}

/// To whom a letter is written.
pub(crate) struct Reader<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) locale: &'a str,
}

/// Writes a letter. `link` is the address in it, where it has one: the token stands behind a `#`,
/// which browsers send to no server.
pub(crate) fn write(kind: Kind, to: &Reader<'_>, link: &str, at_ms: u64) -> Letter {
    let korean = to.locale == "ko" || to.locale.starts_with("ko-");
    let name = to.name;
    let (subject, body) = match (kind, korean) {
        (Kind::VerifyEmail, true) => (
            "이메일 주소를 확인해 주세요",
            format!(
                "{name}님, 환영합니다.\n\n아래 링크를 열어 이메일 주소를 확인해 주세요. 링크는 24시간 동안 한 번만 쓸 수 있습니다.\n\n{link}\n\n가입하신 적이 없다면 이 메일을 무시하셔도 됩니다."
            ),
        ),
        (Kind::VerifyEmail, false) => (
            "Please confirm your e-mail address",
            format!(
                "Welcome, {name}.\n\nOpen this link to confirm your e-mail address. It works once, within 24 hours.\n\n{link}\n\nIf you did not sign up, ignore this mail."
            ),
        ),
        (Kind::ResetPassword, true) => (
            "비밀번호를 다시 설정하세요",
            format!(
                "{name}님, 아래 링크에서 새 비밀번호를 정할 수 있습니다. 링크는 30분 동안 한 번만 쓸 수 있습니다.\n\n{link}\n\n요청하신 적이 없다면 이 메일을 무시하세요. 비밀번호는 그대로입니다."
            ),
        ),
        (Kind::ResetPassword, false) => (
            "Choose a new password",
            format!(
                "{name}, here you can choose a new password. The link works once, within 30 minutes.\n\n{link}\n\nIf you did not ask for it, ignore this mail: your password stays as it is."
            ),
        ),
        (Kind::PasswordChanged, true) => (
            "비밀번호가 변경되었습니다",
            format!(
                "{name}님의 비밀번호가 변경되었고 모든 기기에서 로그아웃되었습니다.\n\n직접 변경하지 않으셨다면 바로 비밀번호를 다시 설정하세요.\n\n{link}"
            ),
        ),
        (Kind::PasswordChanged, false) => (
            "Your password was changed",
            format!(
                "{name}, your password was changed, and every device was signed out.\n\nIf that was not you, choose a new one at once:\n\n{link}"
            ),
        ),
    };
    Letter {
        to: to.email.to_owned(),
        subject: subject.to_owned(),
        body,
        at_ms,
    }
}
