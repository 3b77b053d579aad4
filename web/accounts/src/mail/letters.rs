//! What the letters say, in Korean and in English.

use crate::{db::one_time::Purpose, mail::Letter};

/// The kinds of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VerifyEmail,
    ResetPassword,
    PasswordChanged,
    SecondFactorSet,
    SecondFactorRemoved,
}

impl Kind {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::SecondFactorSet,
        Self::SecondFactorRemoved,
    ];

    /// As in the database.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorSet => "second_factor_set",
            Self::SecondFactorRemoved => "second_factor_removed",
        }
    }

    pub(crate) fn from_key(key: &str) -> Option<Self> {
        match key {
            "verify_email" => Some(Self::VerifyEmail),
            "reset_password" => Some(Self::ResetPassword),
            "password_changed" => Some(Self::PasswordChanged),
            "second_factor_set" => Some(Self::SecondFactorSet),
            "second_factor_removed" => Some(Self::SecondFactorRemoved),
            _ => None,
        }
    }

    /// What the link in it is for, if it has one.
    pub(crate) const fn purpose(self) -> Option<Purpose> {
        match self {
            Self::VerifyEmail => Some(Purpose::VerifyEmail),
            Self::ResetPassword => Some(Purpose::ResetPassword),
            Self::PasswordChanged | Self::SecondFactorSet | Self::SecondFactorRemoved => None,
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
    let (subject, body) = match kind.purpose() {
        Some(purpose) => asking(purpose, korean, to.name, link),
        None => telling(kind, korean, to.name, link),
    };
    Letter {
        to: to.email.to_owned(),
        subject: subject.to_owned(),
        body,
        at_ms,
    }
}

/// Letters whose link does something.
fn asking(purpose: Purpose, korean: bool, name: &str, link: &str) -> (&'static str, String) {
    match (purpose, korean) {
        (Purpose::VerifyEmail, true) => (
            "이메일 주소를 확인해 주세요",
            format!(
                "{name}님, 환영합니다.\n\n아래 링크를 열어 이메일 주소를 확인해 주세요. 링크는 24시간 동안 한 번만 쓸 수 있습니다.\n\n{link}\n\n가입하신 적이 없다면 이 메일을 무시하셔도 됩니다."
            ),
        ),
        (Purpose::VerifyEmail, false) => (
            "Please confirm your e-mail address",
            format!(
                "Welcome, {name}.\n\nOpen this link to confirm your e-mail address. It works once, within 24 hours.\n\n{link}\n\nIf you did not sign up, ignore this mail."
            ),
        ),
        (_, true) => (
            "비밀번호를 다시 설정하세요",
            format!(
                "{name}님, 아래 링크에서 새 비밀번호를 정할 수 있습니다. 링크는 30분 동안 한 번만 쓸 수 있습니다.\n\n{link}\n\n요청하신 적이 없다면 이 메일을 무시하세요. 비밀번호는 그대로입니다."
            ),
        ),
        (_, false) => (
            "Choose a new password",
            format!(
                "{name}, here you can choose a new password. The link works once, within 30 minutes.\n\n{link}\n\nIf you did not ask for it, ignore this mail: your password stays as it is."
            ),
        ),
    }
}

/// Letters that tell what was done, with the way to a new password.
fn telling(kind: Kind, korean: bool, name: &str, link: &str) -> (&'static str, String) {
    match (kind, korean) {
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
        (Kind::SecondFactorSet, true) => (
            "2단계 인증이 설정되었습니다",
            format!(
                "{name}님, 이제 로그인할 때 인증 앱의 코드가 필요합니다. 다른 기기에서는 모두 로그아웃되었습니다.\n\n직접 설정하지 않으셨다면 바로 비밀번호를 다시 설정하고 운영자에게 알려 주세요.\n\n{link}"
            ),
        ),
        (Kind::SecondFactorSet, false) => (
            "Signing in asks for a code now",
            format!(
                "{name}, from now on signing in asks for a code of your authenticator app, and every other device was signed out.\n\nIf that was not you, choose a new password at once, and tell who runs this shop:\n\n{link}"
            ),
        ),
        (_, true) => (
            "2단계 인증이 해제되었습니다",
            format!(
                "{name}님, 이제 비밀번호만으로 로그인할 수 있습니다. 다른 기기에서는 모두 로그아웃되었습니다.\n\n직접 해제하지 않으셨다면 바로 비밀번호를 다시 설정하세요.\n\n{link}"
            ),
        ),
        (_, false) => (
            "Signing in asks for no code any more",
            format!(
                "{name}, your password alone signs in again, and every other device was signed out.\n\nIf that was not you, choose a new password at once:\n\n{link}"
            ),
        ),
    }
}
